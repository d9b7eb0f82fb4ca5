"""People who block the bot, and come back."""

from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import InboundUpdate, Message, Priority
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import MessageFactory
from telegrambot.engine.tests.incoming import person

pytestmark = pytest.mark.django_db


def change(status, telegram_id=501, **chat):
    bot = {"id": 7_000_001, "is_bot": True, "first_name": "Bot"}
    return {
        "chat": {"id": telegram_id, "type": "private", "first_name": "Ann", **chat},
        "from": person(telegram_id),
        "date": 1_700_000_000,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": status, "user": bot}
        | ({"until_date": 0} if status == "kicked" else {}),
    }


@pytest.fixture
def client():
    client = ChatClient(telegram_id=501)
    client.send("/start")
    return client


def ann() -> TelegramUser:
    return TelegramUser.objects.get(telegram_id=501)


def test_who_blocks_the_bot_mid_conversation_is_remembered_and_gets_no_broadcasts(client):
    dialog = Message.objects.filter(person=ann()).first().dialog
    queued = {"dialog": dialog, "status": Message.Status.QUEUED}
    broadcast = MessageFactory(**queued, priority=Priority.BROADCAST)
    answer = MessageFactory(**queued, priority=Priority.ANSWER)
    anothers = MessageFactory(status=Message.Status.QUEUED, priority=Priority.BROADCAST)

    assert client.offer("my_chat_member", change("kicked")).texts == [answer.text, broadcast.text][:1]

    assert ann().blocked_at is not None
    broadcast.refresh_from_db()
    anothers.refresh_from_db()
    assert (broadcast.status, anothers.status) == ("cancelled", "queued")
    assert broadcast.error
    assert set(InboundUpdate.objects.values_list("status", flat=True)) == {"done"}


def test_who_comes_back_is_greeted_like_anyone(client):
    client.offer("my_chat_member", change("kicked"))
    first = ann().blocked_at
    client.offer("my_chat_member", change("kicked"))
    assert ann().blocked_at == first

    client.offer("my_chat_member", change("member"))

    assert ann().blocked_at is None
    assert "Hello" in client.send("/start").text


def test_who_writes_has_not_blocked_the_bot_whatever_was_missed(client):
    client.offer("my_chat_member", change("kicked"))

    assert "Hello" in client.send("/start").text

    assert ann().blocked_at is None


def test_what_is_said_in_a_group_or_to_a_business_account_proves_nothing(client):
    client.offer("my_chat_member", change("kicked"))
    group = {"id": -5, "type": "supergroup", "title": "Team"}
    client.offer("message", client._message() | {"chat": group, "text": "Hi"})
    client.offer("business_message", client._message() | {"business_connection_id": "b", "text": "Hi"})

    assert ann().blocked_at is not None


def test_leaving_a_group_blocks_nobody(client):
    client.offer("my_chat_member", change("left", id=-5, type="supergroup", title="Team"))
    assert ann().blocked_at is None


def test_an_inactive_person_can_block_too(client):
    TelegramUser.objects.update(is_active=False)
    client.offer("my_chat_member", change("kicked"))
    assert ann().blocked_at is not None
