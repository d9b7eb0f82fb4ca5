"""An operator writes to everybody from the admin: a real browser, real processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import House
from tests.e2e.people import OPERATOR
from tests.e2e.windows import Window
from tests.processes import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

LINK = """
UPDATE accounts_telegramuser SET staff_id = (SELECT id FROM accounts_user WHERE username = %s)
WHERE username = 'olivia_novak'
"""
SHOWN = "SELECT count(*) FROM sandbox_message WHERE text = %s"


@pytest.fixture(scope="module", autouse=True)
def _two_are_many() -> Iterator[None]:
    """Let an audience of two have to be typed; before the house is built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROADCAST_CONFIRM_ABOVE", "1")
        yield


@pytest.fixture
def readers(_two_are_many, house: House):
    """Olivia, who is the operator, and two readers; all have a chat with the bot."""
    found = [house.person(name) for name in ("olivia_novak", "nikita_orlov", "sara_haddad")]
    for person in found:
        person.types("/start")
        wait_until(person.sees, "the greeting")
    house.database.rows(LINK, OPERATOR)
    return found


@pytest.fixture
def window(browser: Browser, house: House, readers) -> Window:
    """The operator's window."""
    found = Window(browser.new_context(locale="en").new_page(), house.root)
    found.sign_in()
    return found


def test_from_the_first_word_to_the_last_copy(house, readers, window):
    page = window.page
    page.goto(f"{house.root}/admin/broadcasts/broadcast/add/")
    page.get_by_label("Title").fill("Spring")
    text = page.get_by_label("Text", exact=True)

    # A mistake is named while it is typed, and its place is shown.
    text.fill("Hello\n<b>{first_name|friend}")
    page.get_by_text("Line 2, character 23: Telegram cannot read this").wait_for()
    page.get_by_role("button", name="Show the place").click()
    assert text.evaluate("field => field.selectionStart") == len("Hello\n<b>{first_name|friend}")
    # Tags are put around what is selected.
    text.fill("Hello ")
    page.get_by_role("button", name="Bold").click()
    page.get_by_role("button", name="Name of the recipient").click()
    expect(text).to_have_value("Hello <b>{first_name|friend}</b>")
    expect(page.locator(".bc-bubble b")).to_have_text("Olivia")

    # Buttons appear below the message as they are filled in.
    page.get_by_role("button", name="Add a button").click()
    page.get_by_label("Label").fill("All guides")
    page.get_by_label("What it does").select_option("command")
    page.get_by_label("Page, command or link").fill("/guides")
    expect(page.locator(".bc-key")).to_have_text("All guides")
    # A segment is asked for where one is meant.
    assert not page.get_by_label("Segment", exact=True).is_visible()
    page.get_by_role("button", name="Save").click()

    # To me first.
    page.get_by_role("button", name="Send to me first").click()
    page.get_by_text("Sent to you. It does not count.").wait_for()
    readers[0].waits_for("Hello Olivia")
    assert house.database.value(SHOWN, "Hello Nikita") == 0

    # To everybody, with the number typed.
    page.get_by_role("link", name="Start").click()
    expect(page.locator(".bc-bubble b")).to_have_text("Olivia")
    count = re.search(r"(\d+)\s+people get it", page.locator(".bc-number").inner_text())[1]
    page.get_by_role("button", name="Yes, send it").click()
    page.get_by_text("This field is required.").wait_for()
    page.get_by_label("Type that number to confirm").fill(count)
    page.get_by_role("button", name="Yes, send it").click()
    page.get_by_text("It is on its way.").wait_for()

    # The page follows by itself until all is over, and rests then.
    expect(page.locator(".bc-status")).to_have_text("Sent", timeout=20_000)
    expect(page.locator(".bc-standing strong")).to_have_text("100 %")
    assert page.locator("[data-live]").count() == 0
    readers[1].waits_for("Hello Nikita")
    readers[1].presses("All guides")
    assert house.database.value(SHOWN, "Hello Nikita") == 1

    # Who got it.
    page.get_by_role("link", name="Who got it").click()
    page.get_by_role("link", name="Nikita Orlov").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="This list as a file").click()
    rows = download.value.path().read_text().splitlines()
    assert len(rows) == int(count) + 1
    page.get_by_role("link", name="Nikita Orlov").click()
    page.locator("#card-broadcasts").wait_for()
    page.get_by_role("link", name="Spring").wait_for()
    assert not window.problems, "\n".join(window.problems)


def test_a_segment_is_counted_while_it_is_filled_in(house, window):
    page = window.page
    page.goto(f"{house.root}/admin/broadcasts/segment/add/")
    everybody = page.locator("[data-people]").inner_text()
    page.get_by_label("Language").select_option("ru")
    expect(page.locator("[data-people]")).to_have_text("1 person")
    assert everybody != "1 person"
    page.get_by_label("Name").fill("Russian")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Russian").first.wait_for()
    assert not window.problems, "\n".join(window.problems)
