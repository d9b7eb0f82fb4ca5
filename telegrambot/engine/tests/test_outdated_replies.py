"""A reply to somebody's last word is not sent once it is not their last word any more."""

from __future__ import annotations

from typing import Any

import pytest

from telegrambot.engine import history, outbox
from telegrambot.engine.chat import Reply
from telegrambot.engine.claims import claim
from telegrambot.engine.models import DialogPace, Message, Priority, RateBucket
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dialog() -> Any:
    return DialogFactory()


def says(dialog: Any, **values: Any) -> Any:
    return MessageFactory(dialog=dialog, direction="inbound", status="delivered", **values)


def reply(dialog: Any) -> Message:
    (key,) = outbox.say(
        Reply("answer"),
        dialog_id=dialog.pk,
        person_id=dialog.person_id,
        priority=Priority.APPROVED_REPLY,
        origin="draft:1",
        key="draft:1",
        expects_last_inbound=history.last_inbound(dialog.pk),
    )
    return Message.objects.get(pk=key)


def claimed() -> list[int]:
    return [found.message_id for found in claim(5)[0]]


def test_it_is_sent_when_nothing_came_since(dialog):
    says(dialog)
    answer = reply(dialog)
    MessageFactory(dialog=dialog)
    says(DialogFactory())
    assert claimed() == [answer.pk]


@pytest.mark.parametrize("is_edit", [False, True])
def test_it_is_taken_back_when_the_person_has_written_since(dialog, is_edit, settings):
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 1
    first = says(dialog)
    answer = reply(dialog)
    says(dialog, **({"operation": "edit", "target": first} if is_edit else {}))

    assert claimed() == []
    answer.refresh_from_db()
    assert (answer.status, answer.error, answer.attempts) == ("cancelled", "The person has written since.", 0)
    assert not DialogPace.objects.exists()
    assert claimed() == []
    assert RateBucket.objects.count() == 1


@pytest.mark.parametrize("notice", ["deletion", "service"])
def test_what_is_no_word_of_theirs_does_not_count(dialog, notice):
    first = says(dialog)
    answer = reply(dialog)
    says(
        dialog,
        **({"operation": "delete", "target": first} if notice == "deletion" else {"message_type": "service"}),
    )
    assert claimed() == [answer.pk]


def test_it_is_looked_at_again_when_it_was_queued_again(dialog):
    says(dialog)
    answer = reply(dialog)
    (found,), _ = claim(1)
    settle([Outcome(found.message_id, found.token, found.dialog_id, "queued", attempts_back=1)])
    says(dialog)
    assert claimed() == []
    answer.refresh_from_db()
    assert answer.status == "cancelled"


def test_what_waits_behind_it_goes_next(dialog):
    says(dialog)
    reply(dialog)
    says(dialog)
    other = MessageFactory(dialog=dialog, status="queued", priority=Priority.APPROVED_REPLY)
    assert claimed() == []
    assert claimed() == [other.pk]


def test_other_messages_look_at_nothing(dialog):
    says(dialog)
    plain = MessageFactory(dialog=dialog, status="queued")
    says(dialog)
    assert claimed() == [plain.pk]
