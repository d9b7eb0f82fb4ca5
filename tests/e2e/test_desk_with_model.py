"""A model is chosen and tried in the browser, drafts before two operators' eyes, and one of them decides."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR, PASSWORD
from tests.e2e.test_accessibility import Visitor
from tests.model_server.answers import Answer
from tests.model_server.server import KEY, ModelServer
from tests.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

ANSWER = "Monday to Friday you find us here from nine to six; on Sunday we are closed."
SECOND = "second"
PEOPLE = """
from telegrambot.accounts.models import TelegramUser, User
from telegrambot.engine.models import Dialog
from telegrambot.vault import settings_store
second = User.objects.create_superuser({second!r}, "second@example.org", {password!r})
for name, staff in (("olivia_novak", User.objects.get(username={operator!r})), ("anton_berg", second)):
    TelegramUser.objects.filter(username=name).update(staff=staff)
Dialog.objects.filter(person__username="nikita_orlov").update(is_processing_enabled=True)
settings_store.set("drafting.quiet_seconds", 0, actor=None)
"""
DECISIONS = """
SELECT action, count(*) FROM audit_eventlog
WHERE action IN ('inbox.draft.approved', 'inbox.draft.rejected') GROUP BY action
"""
STATUSES = "SELECT status FROM inbox_draftreply ORDER BY id"


@pytest.fixture
def model():
    """It writes a word in a tenth of a second."""
    with ModelServer() as server:
        server.usual = Answer(ANSWER, pause=0.1)
        yield server


@pytest.fixture
def customer(house: House):
    """Nikita, for whose chat drafts are on."""
    for name in ("olivia_novak", "anton_berg", "nikita_orlov"):
        person = house.person(name)
        person.types("/start")
        wait_until(person.sees, "the greeting")
    code = PEOPLE.format(second=SECOND, password=PASSWORD, operator=OPERATOR)
    house.processes.run("shell", "--command", code)
    return person


def window(browser: Browser, house: House, name: str) -> Visitor:
    found = Visitor(browser.new_context(locale="en").new_page(), house.root)
    found.sign_in(name)
    return found


def test_chosen_tried_streamed_and_decided_once(house, customer, model, browser):
    first, second = window(browser, house, OPERATOR), window(browser, house, SECOND)

    # What stands in the form is tried, and what the model writes shows while it writes.
    page = first.page
    first.visit("/admin/inbox/userselectedmodel/?whose=everybody")
    page.get_by_label("Provider").select_option("other")
    page.get_by_label("Model", exact=True).fill("small")
    page.get_by_label("Address").fill(f"{model.url}/v1")
    page.get_by_label("New key").fill(KEY)
    page.get_by_label("A question, as a customer would ask it").fill("When are you open?")
    page.get_by_role("button", name="Answer it").click()
    tried = page.locator("[data-answer]")
    expect(tried).to_contain_text("Monday to Friday")
    assert "closed" not in tried.inner_text()
    expect(tried).to_contain_text("on Sunday we are closed.")
    expect(tried).to_contain_text("tokens read")
    first.check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The next draft is made with it").wait_for()

    # Both operators see the draft grow, and then the whole of it.
    for visitor in (first, second):
        visitor.page.goto(f"{house.root}/admin/inbox/draftreply/desk/")
        visitor.page.get_by_text("No draft waits for you").wait_for()
    model.usual = Answer(ANSWER, pause=0.4)  # slow enough to be watched
    customer.types("When are you open? On Sunday too?")
    for visitor in (first, second):
        expect(visitor.page.locator(".dk-writing")).to_contain_text("Monday", timeout=20_000)
    for visitor in (first, second):
        expect(visitor.page.locator("#dk-text")).to_have_value(ANSWER, timeout=20_000)

    # One approves: the other sees it at once, and can do no more.
    first.page.keyboard.press("a")
    second.page.get_by_text("Olivia Novak has approved this draft").wait_for()
    customer.waits_for("on Sunday we are closed")

    # Both press at the same moment, one Approve and one Reject: one of them was first.
    model.usual = Answer(ANSWER)
    customer.types("And on Saturday, is anybody there?")
    expect(first.page.locator("#dk-text")).to_have_value(ANSWER, timeout=30_000)
    second.page.locator(".dk-item", has_text="And on Saturday").click()  # what was decided stays in view
    expect(second.page.get_by_role("button", name="Reject")).to_be_enabled(timeout=30_000)
    second.page.keyboard.press("r")
    second.page.get_by_role("heading", name="What is wrong with it?").wait_for()
    first.page.keyboard.press("a")
    second.page.keyboard.press("1")
    wait_until(lambda: sum(number for _, number in house.database.rows(DECISIONS)) == 2, "both decisions")
    wait_until(lambda: ("approved",) not in house.database.rows(STATUSES), "the outcome")
    read = sum("on Sunday we are closed" in text for text in customer.sees())
    statuses = [status for (status,) in house.database.rows(STATUSES)]
    assert (read, statuses) in [(2, ["sent", "sent"]), (1, ["sent", "rejected"])]
    for visitor in (first, second):
        assert not visitor.problems, "\n".join(visitor.problems)
