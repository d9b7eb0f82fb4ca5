"""A customer writes, two operators look at the inbox in their browsers: real processes, real pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR, PASSWORD
from tests.e2e.test_accessibility import Visitor
from tests.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

COLLEAGUE = "colleague"
LINK = """
UPDATE accounts_telegramuser SET staff_id = (SELECT id FROM accounts_user WHERE username = %s)
WHERE username = 'olivia_novak'
"""
READ = "SELECT count(*) FROM engine_message WHERE text = %s AND status = 'read'"
OPEN = "SELECT count(*) FROM inbox_conversation WHERE is_active"
SOON = 20_000


@pytest.fixture(scope="module")
def customer(house: House):
    """Somebody who has a chat with the bot; Olivia is the operator."""
    for name in ("olivia_novak", "nikita_orlov"):
        person = house.person(name)
        person.types("/start")
        wait_until(person.sees, "the greeting")
    house.database.rows(LINK, OPERATOR)
    house.processes.run(
        "createsuperuser",
        "--noinput",
        "--username",
        COLLEAGUE,
        "--email",
        "colleague@example.org",
    )
    return person


def window(browser: Browser, house: House, username: str, scheme: str = "light") -> Visitor:
    """A signed-in operator's window."""
    found = Visitor(browser.new_context(locale="en", color_scheme=scheme).new_page(), house.root)
    page = found.page
    page.goto(f"{house.root}/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{house.root}/admin/")
    return found


def test_from_the_question_to_the_answer(house: House, customer, browser: Browser):
    operator, colleague = window(browser, house, OPERATOR), window(browser, house, COLLEAGUE, "dark")
    page, other = operator.page, colleague.page
    page.goto(f"{house.root}/admin/inbox/savedreply/add/")
    page.get_by_label("Title").fill("Opening hours")
    page.locator("#id_text").fill("Dear {first_name|friend}, from <b>ten</b> to six.")
    expect(page.locator(".ib-preview-box b")).to_have_text("ten")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Opening hours").first.wait_for()

    # It appears in the open list by itself, then in the open chat.
    page.goto(f"{house.root}/admin/inbox/conversation/")
    page.get_by_text("Nobody waits for an answer.").wait_for()
    customer.types("Do you open on <Sunday>?")
    page.get_by_role("link", name="Nikita Orlov").click(timeout=SOON)
    expect(page.locator(".ib-log")).to_contain_text("Do you open on <Sunday>?")
    wait_until(lambda: house.database.value(READ, "Do you open on <Sunday>?"), "the question to be read")
    customer.types("Or on Monday?")
    expect(page.locator(".ib-log")).to_contain_text("Or on Monday?", timeout=SOON)

    # Two operators see each other.
    other.goto(page.url)
    expect(other.locator("[data-others]")).to_have_text("Looking at this too: Olivia Novak.", timeout=SOON)
    expect(page.locator("[data-others]")).to_have_text(f"Looking at this too: {COLLEAGUE}.", timeout=SOON)
    other.get_by_label("Your answer", exact=True).press_sequentially("On Mon")
    expect(page.locator("[data-others]")).to_have_text(f"Typing an answer: {COLLEAGUE}.", timeout=SOON)

    operator.check()
    colleague.check()

    # A saved reply, filled in, sent by keyboard.
    page.locator("[data-saved] summary").click()
    page.get_by_label("Search the saved replies").fill("opening")
    page.get_by_label("Search the saved replies").press("Enter")
    text = page.get_by_label("Your answer", exact=True)
    expect(text).to_have_value("Dear Nikita, from <b>ten</b> to six.")
    text.press("Control+Enter")
    expect(text).to_have_value("")
    customer.waits_for("Dear Nikita, from ten to six.")
    assert customer.sees().count("Dear Nikita, from ten to six.") == 1
    expect(page.locator(".ib-log .sb-out b").last).to_have_text("ten", timeout=SOON)

    # Whoever was slower sees it before sending.
    expect(other.locator(".ib-log .sb-out b").last).to_have_text("ten", timeout=SOON)
    expect(other.get_by_label("Your answer", exact=True)).to_have_value("On Mon")
    assert not operator.problems + colleague.problems, "\n".join(operator.problems + colleague.problems)


def test_on_a_phone_one_column_at_a_time(house: House, customer, browser: Browser):
    customer.types("Is there tea?")
    wait_until(lambda: house.database.value(OPEN), "the conversation")
    found = window(browser, house, OPERATOR)
    page = found.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{house.root}/admin/inbox/conversation/?tab=open")
    assert page.locator(".ib-list").is_visible()

    page.get_by_role("link", name="Nikita Orlov").click()
    expect(page.locator(".ib-chat")).to_be_visible()
    assert not page.locator(".ib-list").is_visible()
    page.get_by_role("link", name="About", exact=True).click()
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()
    assert not page.locator(".ib-chat").is_visible()
    found.check()
    page.get_by_label("New note").fill("Likes tea")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".ib-chat")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".ib-list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not found.problems, "\n".join(found.problems)
