from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from telegrambot.sandbox.models import SandboxMessage, SandboxPerson
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PersonFactory

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


@pytest.fixture
def writer(transactional_db: None) -> SandboxPerson:
    return PersonFactory.create()


@pytest.fixture
def _database_beside_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright keeps an event loop in this thread, where Django would refuse to query.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.mark.browser
@pytest.mark.usefixtures("_database_beside_an_event_loop")
def test_a_person_chats_in_the_browser(
    chromium: str, bot: RealBot, live_server: Any, writer: SandboxPerson
) -> None:
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(locale="en")
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))

        page.goto(f"{live_server.url}/sandbox/")
        page.get_by_role("link", name="Greta Lind").click()
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator(".mine")).to_contain_text("/start")
        page.get_by_role("textbox", name="Message").fill("Hello <i>bot</i> 😀")
        page.keyboard.press("Enter")
        expect(page.locator(".mine").last).to_contain_text("Hello <i>bot</i> 😀")

        # The bot answers, and the page shows it without a reload.
        keyboard = {"inline_keyboard": [[{"text": "Save", "callback_data": "save"}]]}
        answer = {
            "chat_id": writer.pk,
            "text": "<b>Good day</b>",
            "parse_mode": "HTML",
            "reply_markup": keyboard,
        }
        assert bot.raw("sendMessage", answer)[0] == 200
        expect(page.locator(".theirs b")).to_have_text("Good day")
        page.get_by_role("button", name="Save").click()
        updates = bot.raw("getUpdates", {"timeout": 5, "offset": -1})[1]["result"]
        query = updates[0]["callback_query"]
        bot.raw("answerCallbackQuery", {"callback_query_id": query["id"], "text": "Saved"})
        expect(page.locator("#toast")).to_have_text("Saved")

        page.locator(".mine").last.hover()
        page.get_by_role("button", name="Edit").last.click()
        page.get_by_role("textbox", name="Message").fill("Changed")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".mine").last).to_contain_text("Changed")

        page.locator("details.menu summary").click()
        page.get_by_role("button", name="Block the bot").click()
        expect(page.get_by_role("button", name="Unblock the bot to write")).to_be_visible()
        browser.close()
    assert problems == []
    assert [message.text for message in SandboxMessage.objects.all()] == ["/start", "Changed", "Good day"]
