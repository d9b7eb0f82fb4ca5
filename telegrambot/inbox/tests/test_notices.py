"""Notices held back in an operator's quiet hours: which of them an answer takes back, and which stay."""

from __future__ import annotations

import pytest

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.testing import ChatClient
from telegrambot.inbox import answering, services
from telegrambot.inbox.models import Conversation
from telegrambot.inbox.tasks import tell_undelivered_answers
from telegrambot.inbox.tests.factories import operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def asleep():
    return operator(first_name="Olga", preferences={"quiet_hours": "00:00–23:59"})


@pytest.fixture
def awake():
    return operator(first_name="Boris")


@pytest.fixture
def conversation(asleep, awake):
    ChatClient(TelegramUserFactory()).send("Hello?")
    return Conversation.objects.get()


def told(person):
    """What became of the notices to somebody, oldest first."""
    found = Message.objects.filter(dialog__person=person, origin__startswith="notice:inbox:")
    return list(found.order_by("pk").values_list("status", flat=True))


def test_an_answer_takes_back_only_that_somebody_waits(conversation, asleep, awake):
    services.assign(conversation, asleep, note="Yours", actor=awake)
    (lost,) = answering.answer(conversation, "Yes", key="1", actor=asleep)
    assert told(asleep) == ["cancelled", "queued"]
    Message.objects.filter(pk=lost).update(status="failed", error="Bad Request")
    tell_undelivered_answers(0)

    services.receive(conversation.dialog, conversation.started_at)
    answering.answer(conversation, "Also yes", key="2", actor=awake)

    assert told(asleep) == ["cancelled", "queued", "queued"]
    tell_undelivered_answers(0)
    assert len(told(asleep)) == 3


def test_who_waits_in_another_conversation_goes_on_waiting(conversation, asleep, awake):
    ChatClient(TelegramUserFactory()).send("Anybody?")

    answering.answer(conversation, "Yes", key="1", actor=awake)

    assert told(asleep) == ["cancelled", "queued"]
