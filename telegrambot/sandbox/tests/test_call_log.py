from __future__ import annotations

import json
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from telegrambot.sandbox import call_log, faults, people, webhooks
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxLogEntry
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG, ChatFactory


@pytest.fixture
def chat(transactional_db: None) -> SandboxChat:
    return ChatFactory.create()


def test_a_call_is_told_with_parameters_and_answer(bot: RealBot, chat: SandboxChat) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
    sent = bot(lambda b: b.send_message(chat.pk, "Hello", reply_markup=markup))

    newest, get_me = call_log.call_log()
    assert get_me.name == "getMe"
    assert (newest.kind, newest.name, newest.status, newest.fault) == ("call", "sendMessage", 200, "")
    # As one would write it, though a form carries the keyboard as JSON in a text.
    assert newest.content["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "y"
    assert newest.answer["result"]["message_id"] == sent.message_id
    assert newest.duration_ms > 0
    assert call_log.call_log(since=get_me.pk) == [newest]
    assert call_log.call_log(limit=1) == [newest]


def test_files_and_secrets_stay_out(bot: RealBot, chat: SandboxChat) -> None:
    bot(lambda b: b.send_photo(chat.pk, PNG, filename="dot.png"))
    bot.raw("setWebhook", {"url": "http://127.0.0.1:1/x", "secret_token": "open-sesame"})
    bot.raw("sendMessage", {"chat_id": chat.pk, "text": f"my token is {bot.token}\x00"})
    bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x" * 5000})
    bot.raw("makeCoffee", {"cups": 2})

    coffee, long_text, leak, webhook, photo, _ = call_log.call_log()
    # python-telegram-bot names the part with the file by itself and points to it.
    part = (
        photo.content["photo"].removeprefix("attach://")
        if isinstance(photo.content["photo"], str)
        else "photo"
    )
    assert photo.content[part] == {"file_name": "dot.png", "file_size": len(PNG)}
    assert webhook.content["secret_token"] == "…"
    assert leak.content["text"] == "my token is <token> "
    assert len(long_text.content["text"]) == 2001
    assert (coffee.name, coffee.status, coffee.content) == ("makeCoffee", 404, {"cups": 2})
    everything = json.dumps([[entry.content, entry.answer] for entry in call_log.call_log()])
    assert bot.token not in everything
    assert "open-sesame" not in everything


def test_updates_are_told_as_delivered_and_empty_polls_are_not(bot: RealBot, chat: SandboxChat) -> None:
    assert chat.person
    people.send_text(chat.person, "Hello")

    async def poll(b: Bot) -> Any:
        (update,) = await b.get_updates()
        await b.get_updates(offset=update.update_id + 1)
        return update

    update = bot(poll)

    call, delivered, _ = call_log.call_log()
    assert (call.name, call.answer) == ("getUpdates", {"ok": True, "result": [update.update_id]})
    assert (delivered.kind, delivered.name) == ("update", "message")
    assert delivered.content["update_id"] == update.update_id
    assert delivered.content["message"]["text"] == "Hello"


def test_the_webhook_is_told_too(bot: RealBot, chat: SandboxChat) -> None:
    assert chat.person
    # Nobody listens at this port: the connection is refused.
    bot.raw("setWebhook", {"url": "http://127.0.0.1:9/hook"})
    people.send_text(chat.person, "Hello")
    try:
        for _ in range(50):
            if told := SandboxLogEntry.objects.filter(kind="update").first():
                break
            webhooks.join(0.1)
        assert told
        assert (told.name, told.status) == ("message", 0)
    finally:
        bot.raw("deleteWebhook")
        webhooks.join(5)


def test_a_fault_is_told(bot: RealBot, chat: SandboxChat) -> None:
    faults.switch_on("403", calls=1)
    bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})
    faults.switch_on("drop_after", calls=1)
    with pytest.raises(Exception):  # noqa: B017, PT011  whatever the client makes of it
        bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})

    dropped, refused = call_log.call_log()
    assert (refused.status, refused.fault) == (403, "403")
    assert (dropped.status, dropped.fault, dropped.answer) == (0, "drop_after", None)


def test_only_the_newest_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "KEPT", 20)
    monkeypatch.setattr(call_log, "_TRIM_EVERY", 5)
    for number in range(43):
        call_log.tell_updates([{"update_id": number, "message": {}}])

    kept = [entry.content["update_id"] for entry in call_log.call_log()]
    assert 20 <= len(kept) < 25
    assert kept[0] == 42
    assert kept == sorted(kept, reverse=True)


def test_telling_costs_little(db: None, django_assert_max_num_queries: Any) -> None:
    SandboxBot.objects.current()
    call_log.tell_call("getMe", {}, answer={}, status=200, duration_ms=1)
    # Savepoint, insert, notify, release.
    with django_assert_max_num_queries(4):
        call_log.tell_call("getMe", {}, answer={}, status=200, duration_ms=1)
