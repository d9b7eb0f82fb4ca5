from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from telegram.error import RetryAfter

from telegrambot.sandbox import limits, people
from telegrambot.sandbox.limits import OVERALL, Rate
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxMessage
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import ChatFactory, PersonFactory


def send(bot: RealBot, chat: SandboxChat, times: int) -> None:
    for _ in range(times):
        status, body = bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})
        assert status == 200, body


@pytest.fixture
def limited(transactional_db: None) -> None:
    SandboxBot.objects.current()
    SandboxBot.objects.update(limits_enabled=True)


def test_nothing_is_limited_by_default(bot: RealBot) -> None:
    send(bot, ChatFactory.create(), 8)


@pytest.mark.usefixtures("limited")
def test_a_private_chat_takes_a_short_burst(bot: RealBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    # Slow enough that no pause of the machine earns a fourth message.
    monkeypatch.setattr(limits, "PRIVATE_CHAT", Rate(per_second=0.01, burst=3))
    chat = ChatFactory.create()
    send(bot, chat, 3)

    status, body = bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})
    seconds = body["parameters"]["retry_after"]
    assert 0 < seconds <= 100
    assert (status, body) == (
        429,
        {
            "ok": False,
            "error_code": 429,
            "description": f"Too Many Requests: retry after {seconds}",
            "parameters": {"retry_after": seconds},
        },
    )
    assert SandboxMessage.objects.count() == 3
    with pytest.raises(RetryAfter) as refusal:
        bot(lambda b: b.send_message(chat.pk, "x"))
    assert timedelta(0) < refusal.value.retry_after <= timedelta(seconds=seconds)
    # Others are not held up.
    send(bot, ChatFactory.create(), 1)


@pytest.mark.usefixtures("limited")
def test_all_chats_together_are_limited(bot: RealBot) -> None:
    chat = ChatFactory.create()
    bot.raw("sendMessage", {"chat_id": chat.pk, "text": "x"})
    row = SandboxBot.objects.current()
    assert row.busy_until
    row.busy_until += timedelta(seconds=OVERALL.burst / OVERALL.per_second + 2)
    row.save()

    status, body = bot.raw("sendMessage", {"chat_id": ChatFactory.create().pk, "text": "x"})
    assert status == 429
    assert body["parameters"]["retry_after"] >= 2


@pytest.mark.usefixtures("limited")
def test_a_group_takes_twenty_messages_a_minute(bot: RealBot) -> None:
    group = people.create_group(PersonFactory.create(), "Rowing")
    began = time.monotonic()
    send(bot, group, 20)

    def one_more() -> tuple[int, dict[str, Any]]:
        return bot.raw("sendMessage", {"chat_id": group.pk, "text": "x"})

    # A busy machine may take longer than the three seconds after which there is room for one more.
    _status, body = next(answer for _ in range(20) if (answer := one_more())[0] == 429)

    assert 1 <= body["parameters"]["retry_after"] <= 3
    more = (time.monotonic() - began) / 3
    assert 20 <= SandboxMessage.objects.filter(chat=group).count() <= 20 + more
