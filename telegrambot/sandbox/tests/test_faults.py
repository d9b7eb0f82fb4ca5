"""Faults on purpose, as python-telegram-bot and the engine's own transport see them."""

from __future__ import annotations

import asyncio
import threading
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from django.db import connection
from telegram import Bot
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from telegrambot.engine.transport import AiohttpRequest
from telegrambot.engine.transport_errors import Outcome, outcome_of
from telegrambot.sandbox import faults, people, webhooks
from telegrambot.sandbox.exceptions import InvalidFault
from telegrambot.sandbox.models import (
    SandboxChat,
    SandboxFault,
    SandboxLogEntry,
    SandboxMessage,
    SandboxUpdate,
)
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import ChatFactory

Kind = SandboxFault.Kind


@pytest.fixture
def chat(transactional_db: None) -> SandboxChat:
    return ChatFactory.create()


def through_the_engine(bot: RealBot, chat: SandboxChat, *, read_timeout: float = 10.0) -> Outcome | None:
    """Send a message through the transport that the bot uses; what the engine makes of the failure."""

    async def send() -> Outcome | None:
        client = Bot(
            bot.token,
            base_url=f"{bot.root}/bot",
            request=AiohttpRequest(read_timeout=read_timeout),
            get_updates_request=AiohttpRequest(),
        )
        async with client:
            try:
                await client.send_message(chat.pk, "Hello")
            except TelegramError as error:
                return outcome_of(error)
        return None

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.TOO_MANY_REQUESTS, RetryAfter),
        (Kind.FORBIDDEN, Forbidden),
        (Kind.SERVER_ERROR, NetworkError),
        (Kind.BAD_REQUEST, BadRequest),
    ],
)
def test_a_refusal_hits_as_many_calls_as_told(
    bot: RealBot, chat: SandboxChat, monkeypatch: pytest.MonkeyPatch, kind: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    faults.switch_on(kind, calls=2)

    for _ in range(2):
        with pytest.raises(error):
            bot(lambda b: b.send_message(chat.pk, "Hello"))

    assert not SandboxMessage.objects.exists()
    assert faults.active() == []
    assert bot(lambda b: b.send_message(chat.pk, "Hello")).text == "Hello"


def test_a_429_says_how_long_to_wait(bot: RealBot, chat: SandboxChat) -> None:
    faults.switch_on(Kind.TOO_MANY_REQUESTS, seconds=7)

    assert bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"}) == (
        429,
        {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        },
    )


def test_only_what_is_meant_is_hit(bot: RealBot, chat: SandboxChat) -> None:
    faults.switch_on(Kind.SERVER_ERROR)
    faults.switch_on(Kind.FORBIDDEN, method="sendmessage", calls=1)
    assert [str(fault.method) for fault in faults.active()] == ["sends", "sendMessage"]

    assert bot(lambda b: b.get_me()).is_bot
    assert bot(lambda b: b.delete_webhook())
    # The one for the method goes first, then the wider one.
    assert bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})[0] == 403
    assert bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})[0] == 500
    assert bot.raw("editMessageText", {"chat_id": chat.pk})[0] == 500

    faults.switch_on(Kind.BAD_REQUEST)
    assert bot.raw("deleteMessage", {"chat_id": chat.pk})[0] == 400
    faults.clear("sends")
    assert bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})[0] == 200
    faults.clear()
    assert not SandboxFault.objects.exists()


@pytest.mark.parametrize(("kind", "messages"), [(Kind.DROP_BEFORE, 0), (Kind.DROP_AFTER, 1)])
def test_a_dropped_connection_leaves_the_engine_uncertain(
    bot: RealBot, chat: SandboxChat, kind: str, messages: int
) -> None:
    faults.switch_on(kind, calls=1)

    assert through_the_engine(bot, chat) is Outcome.UNKNOWN
    assert SandboxMessage.objects.count() == messages

    assert through_the_engine(bot, chat) is None
    assert SandboxMessage.objects.count() == messages + 1


def test_an_answer_that_comes_late(bot: RealBot, chat: SandboxChat) -> None:
    faults.switch_on(Kind.HANG, seconds=60)
    started = monotonic()

    # The message is there, the bot does not know.
    assert through_the_engine(bot, chat, read_timeout=0.5) is Outcome.UNKNOWN
    assert SandboxMessage.objects.count() == 1

    def switch_off() -> None:
        sleep(0.5)
        faults.clear()
        connection.close()

    threading.Thread(target=switch_off).start()
    assert through_the_engine(bot, chat) is None
    assert monotonic() - started < 10


def test_telegram_is_down_for_everything_also_for_a_waiting_poll(bot: RealBot, chat: SandboxChat) -> None:
    async def poll(b: Bot) -> Any:
        waiting = asyncio.create_task(b.get_updates(timeout=20))
        await asyncio.sleep(0.7)
        await asyncio.to_thread(write)
        return await waiting

    def write() -> None:
        assert chat.person
        faults.switch_on(Kind.DOWN, method="sendMessage")
        people.send_text(chat.person, "Is anybody there?")
        connection.close()

    with pytest.raises(TelegramError):
        bot(poll)
    with pytest.raises(TelegramError):
        bot(lambda b: b.get_me())
    assert httpx.get(f"{bot.root}/file/bot{bot.token}/documents/file_1").content == b'{"ok":'
    assert SandboxUpdate.objects.count() == 1

    faults.clear()
    (update,) = bot(lambda b: b.get_updates())
    assert update.message
    assert update.message.text == "Is anybody there?"


def test_the_webhook_waits_while_telegram_is_down(bot: RealBot, chat: SandboxChat) -> None:
    assert chat.person
    bot.raw("setWebhook", {"url": "http://127.0.0.1:9/hook"})
    try:
        faults.switch_on(Kind.DOWN)
        people.send_text(chat.person, "Is anybody there?")
        webhooks.join(5)
        assert not SandboxLogEntry.objects.filter(kind="update").exists()

        faults.clear()
        for _ in range(50):
            if SandboxLogEntry.objects.filter(kind="update").exists():
                break
            sleep(0.1)
        assert SandboxLogEntry.objects.filter(kind="update").exists()
    finally:
        faults.clear()
        bot.raw("deleteWebhook")
        webhooks.join(5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "earthquake"},
        {"kind": Kind.FORBIDDEN, "method": "makeCoffee"},
        {"kind": Kind.FORBIDDEN, "calls": 0},
        {"kind": Kind.HANG, "seconds": 61},
        {"kind": Kind.HANG, "seconds": 0},
        {"kind": Kind.TOO_MANY_REQUESTS, "seconds": -1},
    ],
)
def test_what_makes_no_sense_is_not_switched_on(db: None, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidFault):
        faults.switch_on(**wrong)
    assert faults.active() == []
