"""Light and dark in a real browser: the pages around the admin follow its switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.browser

# Chromium must neither call home nor need privileges.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What each makes of the background of a card.
COLOURS = {"light": "rgb(255, 255, 255)", "dark": "oklch(0.25 0.034 262)"}


@pytest.fixture(params=COLOURS)
def system(request: pytest.FixtureRequest) -> str:
    """How the system has it."""
    return str(request.param)


@pytest.fixture
def page(
    system: str,
    chromium: str,
    live_server: Any,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """An owner's browser, whose console has to stay empty."""
    # Playwright keeps an event loop in this thread, where Django would refuse to query.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(UserFactory(person__role=Role.OWNER))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        # Wide enough for every version of Unfold to show its sidebar.
        context = browser.new_context(
            locale="en",
            color_scheme=system,
            base_url=live_server.url,
            viewport={"width": 1440, "height": 900},
        )
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        # Beside Playwright's event loop Django has another connection than the other tests in this thread.
        connection.close()
        browser.close()
    assert problems == []


def expect_colour(page: Page, name: str) -> None:
    expect(page.locator(".card").first).to_have_css("background-color", COLOURS[name])


def test_the_security_page_follows_the_admins_switch(page: Page, system: str) -> None:
    page.goto("/account/security/")
    expect_colour(page, system)

    # The switch by its icons: newer versions of Unfold show words where there is room only.
    for icon, colour in (("dark_mode", "dark"), ("light_mode", "light"), ("computer", system)):
        page.goto("/admin/")
        page.get_by_text("unfold_more").click()
        page.get_by_text(icon, exact=True).click()
        page.goto("/account/security/")
        expect_colour(page, colour)


def test_another_tab_follows_at_once(page: Page) -> None:
    page.goto("/account/security/")
    admin = page.context.new_page()
    admin.goto("/admin/")
    admin.get_by_text("unfold_more").click()

    for icon, colour in (("dark_mode", "dark"), ("light_mode", "light")):
        admin.get_by_text(icon, exact=True).click()
        expect_colour(page, colour)


def test_what_somebody_else_wrote_into_the_storage_is_no_choice(page: Page, system: str) -> None:
    page.goto("/account/security/")
    for nonsense in ("{", '"url(x)"', "7"):
        page.evaluate("words => localStorage.setItem('adminTheme', words)", nonsense)
        page.reload()
        expect_colour(page, system)
