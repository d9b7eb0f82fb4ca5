"""What somebody tries who has just typed `make run`, in a real browser beside the running processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import House
from tests.e2e.windows import Window
from tests.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

# Everything here comes by itself sooner or later; on a busy machine later.
PATIENCE = 60.0
OWNER, NEWCOMER = "Olivia Novak", "Nikita Orlov"
UNCERTAIN = "SELECT count(*) FROM engine_message WHERE status = 'uncertain'"


@pytest.fixture
def windows(browser: Browser, house: House) -> Iterator[tuple[Window, Window]]:
    """The sandbox and the admin, side by side in one browser."""
    context = browser.new_context(locale="en", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    yield Window(context.new_page(), house.root), Window(context.new_page(), house.root)
    expect.set_options(timeout=5000)
    context.close()


def pane(page: Page, person: str) -> Locator:
    return page.get_by_role("region", name=person, exact=True)


def say(page: Page, person: str, text: str) -> None:
    pane(page, person).get_by_role("textbox", name="Message").fill(text)
    pane(page, person).get_by_role("button", name="Send").click()
    expect(pane(page, person).get_by_role("textbox", name="Message")).to_have_value("")


def answers(page: Page, person: str) -> Locator:
    return pane(page, person).locator(".message.theirs")


def switch_on(page: Page, fault: str) -> None:
    """Let the next call that writes to a chat fail."""
    page.get_by_label("What happens").select_option(label=fault)
    page.get_by_label("How many calls").fill("1")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#banner")).to_contain_text("calls left: 1")


def settle(house: House, page: Page, button: str, outcome: str) -> None:
    """Find the uncertain message from the home page, decide about it, and see it gone from there."""
    wait_until(lambda: house.database.value(UNCERTAIN), "the message to be uncertain", seconds=PATIENCE)
    page.goto(f"{house.root}/admin/")
    expect(page.get_by_role("heading", name="Waits for a person")).to_be_visible()
    page.get_by_role("link", name="1 Uncertain messages").click()
    page.locator("#result_list .field-timestamp a").click()
    expect(page.locator(".sb-decisions")).to_contain_text("It may have arrived")
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_text(outcome)).to_be_visible()
    page.goto(f"{house.root}/admin/")
    expect(page.get_by_role("heading", name="Nothing waits for a person")).to_be_visible()
    expect(page.get_by_role("link", name="0 Uncertain messages")).to_be_visible()


def test_from_the_first_hello_to_a_settled_message(house: House, windows: tuple[Window, Window]) -> None:
    sandbox, admin = (window.page for window in windows)
    root = house.root

    # Two people talk to the bot; it knows one of them as its owner.
    sandbox.goto(f"{root}/sandbox/")
    sandbox.get_by_role("link", name=NEWCOMER).click()
    pane(sandbox, NEWCOMER).get_by_role("button", name="Start", exact=True).click()
    expect(answers(sandbox, NEWCOMER).last).to_contain_text("Nikita")
    sandbox.get_by_role("button", name="Person beside").click()
    sandbox.get_by_role("link", name=OWNER).click()
    say(sandbox, OWNER, "/help")
    expect(answers(sandbox, OWNER).last).to_contain_text("/health")
    expect(answers(sandbox, NEWCOMER)).to_have_count(1)
    sandbox.evaluate("window.wasNeverReloaded = true")

    # A command gets another wording in the admin, and the open menu follows.
    menu = pane(sandbox, OWNER).get_by_role("listbox", name="Commands")
    pane(sandbox, OWNER).get_by_role("textbox", name="Message").fill("/hel")
    expect(menu).to_contain_text("What I can do")
    windows[1].sign_in()
    admin.get_by_role("link", name="Commands").first.click()
    admin.get_by_role("link", name="help", exact=True).click()
    admin.get_by_label("Description (English)").fill("Everything you may ask me")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    expect(menu).to_contain_text("Everything you may ask me")
    pane(sandbox, OWNER).get_by_role("textbox", name="Message").fill("")

    # Telegram takes an answer and the connection breaks: nobody knows, a person looks and says so.
    sandbox.get_by_role("button", name="Faults").click()
    switch_on(sandbox, "Do it, drop the connection")
    say(sandbox, NEWCOMER, "/help")
    expect(answers(sandbox, NEWCOMER)).to_have_count(2)
    settle(house, admin, "Count as sent", "1 message now counts as sent.")
    expect(answers(sandbox, NEWCOMER)).to_have_count(2)

    # The connection breaks before: the answer never came, and comes once a person says so.
    switch_on(sandbox, "Drop the connection, do nothing")
    say(sandbox, NEWCOMER, "/help")
    settle(house, admin, "Send again", "1 message is queued again.")
    expect(answers(sandbox, NEWCOMER)).to_have_count(3)
    expect(sandbox.locator("#banner")).to_be_hidden()

    assert sandbox.evaluate("window.wasNeverReloaded")
    assert [window.problems for window in windows] == [[], []]
