"""The admin in a real browser: the home page, and from there to an uncertain message that gets settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory

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


@dataclass
class SignedIn:
    """A browser of an owner's, and what its console complained about."""

    page: Page
    root: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.root + path)
        return self.page


@pytest.fixture
def browser(
    chromium: str, live_server: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SignedIn]:
    # Playwright keeps an event loop in this thread, where Django would refuse to query.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(UserFactory(person=TelegramUserFactory(role=Role.OWNER, first_name="Olga")))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = chrome.new_context(locale="en", viewport={"width": 1280, "height": 900})
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        signed_in = SignedIn(context.new_page(), live_server.url)
        signed_in.page.on(
            "console",
            lambda message: signed_in.problems.append(message.text) if message.type == "error" else None,
        )
        signed_in.page.on("pageerror", lambda error: signed_in.problems.append(str(error)))
        signed_in.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        yield signed_in
        # Beside Playwright's event loop Django has another connection than the other tests in this thread.
        connection.close()
        chrome.close()


@pytest.mark.browser
def test_an_uncertain_message_is_found_on_the_home_page_and_settled(browser: SignedIn) -> None:
    message = MessageFactory(
        status="uncertain",
        text="Did this arrive?",
        dialog=DialogFactory(title="Greta Lind"),
    )
    other = MessageFactory(status="uncertain", text="And this?")
    page = browser.open("/admin/")

    expect(page.get_by_role("heading", name="Waits for a person")).to_be_visible()
    page.get_by_role("link", name="2 Uncertain messages").click()
    expect(page.get_by_text("Did this arrive?")).to_be_visible()
    page.locator("tr", has_text="Did this arrive?").locator("input.action-select").check()
    page.locator("select[name=action]").select_option("count_as_sent")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("They will not be sent again.")).to_be_visible()
    assert Message.objects.get(pk=message.pk).status == "uncertain"

    page.get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_text("1 message now counts as sent.")).to_be_visible()
    assert Message.objects.get(pk=message.pk).status == "sent"
    assert Message.objects.get(pk=other.pk).status == "uncertain"

    page.goto(f"{browser.root}/admin/")
    expect(page.get_by_role("link", name="1 Uncertain messages")).to_be_visible()
    assert browser.problems == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_home_page_draws_its_charts_and_fits_the_screen(browser: SignedIn, width: int) -> None:
    MessageFactory.create_batch(2)
    browser.page.set_viewport_size({"width": width, "height": 800})
    page = browser.open("/admin/")

    expect(page.locator("canvas.chart")).to_have_count(2)
    drawn = "() => [...document.querySelectorAll('canvas.chart')].every(one => Chart.getChart(one))"
    page.wait_for_function(drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.problems == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_name_without_spaces_fits_the_screen(browser: SignedIn, width: int) -> None:
    person = TelegramUserFactory(first_name="Ж" * 64, last_name="W" * 64)
    message = MessageFactory(person=person, text="W" * 500, dialog__title="W" * 200, status="failed")
    browser.page.set_viewport_size({"width": width, "height": 800})

    for path in [
        f"/admin/accounts/telegramuser/{person.pk}/change/",
        f"/admin/accounts/telegramuser/{person.pk}/erase/",
        f"/admin/engine/message/{message.pk}/change/",
    ]:
        page = browser.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    cell = browser.open("/admin/accounts/telegramuser/").locator("td, th").filter(has_text="ЖЖ")
    assert cell.evaluate("cell => cell.scrollWidth <= Math.min(cell.clientWidth, innerWidth / 2 + 180)")


@pytest.mark.browser
def test_a_conversation_opens_at_its_newest_message(browser: SignedIn) -> None:
    dialog = DialogFactory()
    for number in range(60):
        MessageFactory(dialog=dialog, text=f"said-{number:02}")
    page = browser.open(f"/admin/engine/dialog/{dialog.pk}/change/")

    expect(page.get_by_text("said-59")).to_be_in_viewport()
    expect(page.get_by_text("said-09")).to_have_count(0)
    page.get_by_role("link", name="Older messages").click()
    expect(page.get_by_text("said-09")).to_be_visible()
    assert browser.problems == []


@pytest.mark.browser
def test_the_form_of_a_related_row_opens_beside_the_page(browser: SignedIn) -> None:
    person = TelegramUserFactory(first_name="Greta")
    page = browser.open(f"/admin/accounts/telegramuser/{person.pk}/change/")
    page.locator(".related-widget-wrapper").get_by_text("more_vert").click()
    add = page.get_by_role("link", name="Add another staff account")

    form: Page | FrameLocator
    if _unfold_opens_frames():
        add.click()
        form = page.frame_locator("iframe.related-modal-frame")
    else:
        with page.expect_popup() as opened:
            add.click()
        form = opened.value
    form.locator("[name=username]").fill("greta")
    for name in ("password1", "password2"):
        form.locator(f"[name={name}]").fill("a-password-of-the-tests-7")
    form.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#id_staff")).to_contain_text("greta")
    assert browser.problems == []


def _unfold_opens_frames() -> bool:
    """Newer versions do; older ones open a window."""
    return "related-modal-frame" in Path(str(finders.find("unfold/js/app.js"))).read_text()
