"""The test client itself, on the bot's own commands."""

from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog, InboundUpdate, Message, ProcessedMessage
from telegrambot.engine.testing import ChatClient

pytestmark = pytest.mark.django_db


def test_a_newcomer_is_greeted_and_remembered() -> None:
    screen = ChatClient(telegram_id=501).send("/start")

    assert "Hello, Newcomer!" in screen.text
    assert screen.buttons == ["What can you do?"]
    assert TelegramUser.objects.get(telegram_id=501).first_name == "Newcomer"
    assert InboundUpdate.objects.get().status == InboundUpdate.Status.DONE
    assert ProcessedMessage.objects.count() == 1
    assert list(Message.objects.order_by("pk").values_list("direction", "status")) == [
        ("inbound", "delivered"),
        ("outbound", "sent"),
    ]


def test_a_press_edits_the_screen() -> None:
    client = ChatClient(telegram_id=501)
    client.send("/start")

    screen = client.press("What can you do?")

    assert screen.edited
    assert "/help" in screen.text
    assert "/health" not in screen.text


def test_a_button_can_be_pressed_where_no_history_is_kept() -> None:
    client = ChatClient(telegram_id=501)
    client.send("/help")
    Dialog.objects.update(keep_history=False)
    client.send("/start")

    assert "/help" in client.press("What can you do?").text
    with pytest.raises(LookupError):
        ChatClient(telegram_id=501).press("What can you do?")


def test_only_what_was_offered_can_be_pressed() -> None:
    client = ChatClient(telegram_id=501)
    client.send("/start")
    offered = Message.objects.get(direction="outbound")

    screen = client.press_data("engine.run_command:health", offered.external_message_id)

    assert screen.toast == "That button is no longer valid."
    assert screen.texts == []


def test_russian() -> None:
    screen = ChatClient(telegram_id=501, language_code="ru").send("/start")
    assert "/help" in screen.text
