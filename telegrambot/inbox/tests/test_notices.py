"""Notices held back in an operator's quiet hours: which of them an answer takes back, and which stay."""

from __future__ import annotations

import pytest

from telegrambot.accounts import services as accounts
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.testing import ChatClient
from telegrambot.guides.tests.factories import GuideFactory
from telegrambot.inbox import answering, services
from telegrambot.inbox.desk import work
from telegrambot.inbox.models import Conversation
from telegrambot.inbox.tasks import tell_undelivered_answers
from telegrambot.inbox.tests.factories import chat_with, operator
from telegrambot.vault import settings_store

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


@pytest.fixture
def dialog():
    """A chat that gets drafts at once."""
    settings_store.set("drafting.quiet_seconds", 0, actor=None)
    GuideFactory(title="Walrus", body="The secret of the walrus is told on Sunday.")
    return chat_with(TelegramUserFactory(language_code="en"), is_processing_enabled=True)


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


@pytest.mark.parametrize(
    "end",
    [
        lambda person: accounts.change_role(person, Role.SUBSCRIBER, actor=None),
        lambda person: accounts.set_active(person, False, actor=None),
    ],
)
def test_whoever_leaves_the_team_gets_nothing_that_was_held_back(dialog, asleep, end):
    other = operator(preferences={"quiet_hours": "00:00–23:59"})
    ChatClient(dialog.person).send("My secret is a walrus")
    work.make(dialog.pk)
    held = Message.objects.filter(status="queued", text__contains="walrus")
    assert held.filter(dialog__person=asleep).count() == 2  # a notice and a card

    end(asleep)

    assert not held.filter(dialog__person=asleep).exists()
    assert held.filter(dialog__person=other).count() == 2


def test_a_change_inside_the_team_takes_nothing_back(conversation, asleep):
    accounts.change_role(asleep, Role.OWNER, actor=None)
    accounts.set_active(asleep, True, actor=None)

    assert told(asleep) == ["queued"]
