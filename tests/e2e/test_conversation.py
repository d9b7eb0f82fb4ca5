"""A person types, the bot answers, an operator sees it: real processes, real HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e


def test_a_person_types_and_an_operator_sees_it(house):
    nikita = house.person("nikita_orlov")

    nikita.types("/start")
    nikita.waits_for("Nikita")
    nikita.types("a question from <b>Nikita</b>")
    wait_until(lambda: len(nikita.sees()) == 2, "the second answer")

    admin = house.operator()
    messages = admin.get("/admin/engine/message/").text
    assert "a question from &lt;b&gt;Nikita&lt;/b&gt;" in messages
    assert "<b>Nikita</b>" not in messages
    dialog = house.database.value(
        "SELECT dialog.id FROM engine_dialog AS dialog JOIN accounts_telegramuser AS person "
        "ON person.id = dialog.person_id WHERE person.username = 'nikita_orlov'"
    )
    assert "a question from" in admin.get(f"/admin/engine/dialog/{dialog}/change/").text
    assert admin.get("/admin/engine/inboundupdate/").status_code == httpx.codes.OK
    statuses = house.database.rows("SELECT DISTINCT status FROM engine_inboundupdate")
    assert statuses == [("done",)]


def test_nobody_else_sees_it(house):
    assert httpx.get(f"{house.root}/admin/engine/message/", trust_env=False).status_code == httpx.codes.FOUND


def test_a_button_changes_the_message_in_place(house):
    sara = house.person("sara_haddad")
    sara.types("/start")
    sara.waits_for("Sara")
    seen = len(sara.sees())

    sara.presses("What can you do?")

    sara.waits_for("/help")
    assert len(sara.sees()) == seen


def test_each_role_has_its_own_command_menu(house):
    token = house.database.value("SELECT token FROM sandbox_bot")

    def commands(**scope: object) -> set[str]:
        url = f"{house.root}/sandbox/telegram/bot{token}/getMyCommands"
        found = httpx.post(url, json=scope, trust_env=False).json()["result"]
        return {command["command"] for command in found}

    house.person("olivia_novak").types("/start")
    owner = 1_100_000_001
    wait_until(
        lambda: "health" in commands(scope={"type": "chat", "chat_id": owner}),
        "the owner's menu",
        seconds=60,
        every=0.3,
    )

    assert {"start", "help"} <= commands()
    assert "health" not in commands()
    assert commands(language_code="ru") == commands()


def test_a_person_of_a_lower_role_is_refused(house):
    sara = house.person("sara_haddad")

    sara.types("/health")

    sara.waits_for("not available to you")


def test_a_person_blocks_the_bot_in_the_middle(house):
    anton = house.person("anton_berg")
    anton.types("/start")
    anton.waits_for("Anton")
    seen = anton.sees()
    blocked = "SELECT blocked_at IS NOT NULL FROM accounts_telegramuser WHERE username = 'anton_berg'"

    anton.act("block")
    wait_until(lambda: house.database.value(blocked), "the bot to learn of it")
    house.database.rows(
        "INSERT INTO engine_message (dialog_id, person_id, direction, text) "
        "SELECT dialog.id, person.id, 'outbound', 'too late' FROM engine_dialog AS dialog "
        "JOIN accounts_telegramuser AS person ON person.id = dialog.person_id WHERE username = 'anton_berg'"
    )
    settled = "SELECT status, error FROM engine_message WHERE text = 'too late' AND status <> 'queued'"
    wait_until(lambda: dict(house.database.rows(settled)).get("failed"), "the message to fail")

    assert "blocked" in dict(house.database.rows(settled))["failed"]
    assert anton.sees() == seen
    sara = house.person("sara_haddad")
    sara.types("/help")
    sara.waits_for("/start")
    anton.act("unblock")
    wait_until(lambda: not house.database.value(blocked), "the bot to learn of that too")
    anton.types("/help")
    anton.waits_for("/start")


@pytest.mark.browser
def test_in_a_browser(house, chromium, tmp_path):
    from playwright.sync_api import expect, sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(locale="en")
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(house.person("sara_haddad").page)
        page.get_by_role("textbox", name="Message").fill("/menu")
        page.get_by_role("textbox", name="Message").press("Enter")
        expect(page.locator(".message.theirs .text").last).to_contain_text("/help", timeout=15_000)
        page.locator(".message.theirs").last.get_by_role("button").first.click()
        page.wait_for_timeout(500)
        browser.close()
    assert problems == []
