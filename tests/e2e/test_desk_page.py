"""The reply desk in a real browser: a question becomes a draft, one key decides, the customer reads it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR
from tests.e2e.test_accessibility import Visitor
from tests.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

LINK = """
UPDATE accounts_telegramuser SET staff_id = (SELECT id FROM accounts_user WHERE username = %s)
WHERE username = 'olivia_novak'
"""
AT_ONCE = """
from telegrambot.vault import settings_store
settings_store.set("drafting.quiet_seconds", 0, actor=None)
"""
# What the demo's guide answers.
QUESTION, ANSWER = "When are you open? On Sunday too?", re.compile("On Sunday we are closed")
SWITCH_ON = """
UPDATE engine_dialog SET is_processing_enabled = true WHERE person_id =
(SELECT id FROM accounts_telegramuser WHERE username = %s)
"""
STATUS = "SELECT status, fault, edit_share > 0 FROM inbox_draftreply ORDER BY id DESC LIMIT 1"


@pytest.fixture
def customer(house: House):
    """Nikita, for whose chat drafts are on; Olivia is the operator."""
    for name in ("olivia_novak", "nikita_orlov"):
        person = house.person(name)
        person.types("/start")
        wait_until(person.sees, "the greeting")
    house.database.rows(LINK, OPERATOR)
    house.database.rows(SWITCH_ON, "nikita_orlov")
    house.processes.run("shell", "--command", AT_ONCE)
    return person


@pytest.fixture
def window(browser: Browser, house: House, customer) -> Visitor:
    """The operator's window, at the desk."""
    found = Visitor(browser.new_context(locale="en").new_page(), house.root)
    found.sign_in()
    found.page.goto(f"{house.root}/admin/inbox/draftreply/desk/")
    found.page.get_by_text("No draft waits for you").wait_for()
    return found


def test_from_a_question_to_a_decision_without_the_mouse(house, customer, window):
    page = window.page
    box = page.locator("#dk-text")

    # A draft appears by itself; A sends it as it is.
    customer.types(QUESTION)
    expect(box).to_have_value(ANSWER, timeout=30_000)
    window.check()
    page.keyboard.press("a")
    page.get_by_text("It is on its way to Nikita").wait_for()
    page.get_by_text("No draft waits for you").wait_for()
    customer.waits_for("On Sunday we are closed")

    # E leads into the box; what is changed is shown beside it, and sent.
    customer.types(QUESTION)
    expect(box).to_have_value(ANSWER, timeout=30_000)
    page.keyboard.press("e")
    expect(box).to_be_focused()
    box.fill(box.input_value().replace("we are closed", "we rest"))
    expect(page.locator(".dk-diff del").first).to_contain_text("are closed")
    expect(page.locator(".dk-diff ins").first).to_contain_text("rest")
    page.get_by_role("button", name="Send as edited").wait_for()
    window.check()
    page.keyboard.press("Control+Enter")
    page.get_by_text("No draft waits for you").wait_for()
    customer.waits_for("On Sunday we rest")
    wait_until(lambda: house.database.rows(STATUS) == [("sent", "", True)], "the outcome")

    # R asks what is wrong with it; nothing is sent.
    customer.types(QUESTION)
    expect(box).to_have_value(ANSWER, timeout=30_000)
    page.keyboard.press("r")
    page.get_by_role("heading", name="What is wrong with it?").wait_for()
    window.check()
    page.keyboard.press("2")
    page.get_by_text("Rejected. Nikita").wait_for()
    assert house.database.rows(STATUS) == [("rejected", "incomplete", None)]

    # The keys are listed. The customer has read two answers, each once.
    page.keyboard.press("?")
    page.get_by_text("next and previous draft").wait_for()
    window.check()
    window.visit("/admin/inbox/draftreply/numbers/")
    page.get_by_text("67 %").first.wait_for()
    assert sum("On Sunday we" in text for text in customer.sees()) == 2
    assert not window.problems, "\n".join(window.problems)
