"""A second step with a security key, which only a browser can show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.people import OPERATOR, PASSWORD
from tests.e2e.windows import ARGUMENTS

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """A window of a browser that has a security key plugged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(locale="en")
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        key = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
        devices.send(
            "WebAuthn.addVirtualAuthenticator", {"options": key | {"automaticPresenceSimulation": True}}
        )
        yield page
        browser.close()


def test_a_security_key_is_added_and_asked_for(page, house_without_bot):
    # Browsers know no keys for bare numbers such as 127.0.0.1.
    root = f"http://localhost:{house_without_bot.port}"

    def sign_in() -> None:
        page.goto(f"{root}/account/login/?next=/account/security/")
        page.get_by_label("Username").fill(OPERATOR)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    sign_in()
    page.get_by_role("link", name="Add a key").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("My key")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    assert page.locator(".codes li").count() == 10

    page.get_by_role("button", name="Sign out").click()
    sign_in()
    page.wait_for_url("**/security/authenticate/")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{root}/account/security/")

    # The other tests of this house sign in with the password alone.
    page.get_by_role("link", name="Manage").click()
    page.get_by_text("My key").wait_for()
    page.get_by_role("link", name="Remove").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("There are none.").wait_for()
