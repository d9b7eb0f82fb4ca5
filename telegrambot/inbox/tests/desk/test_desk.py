"""From a question to an approved answer, with the drafter that needs no model."""

from __future__ import annotations

import pytest

from telegrambot.engine.models import Message, Priority
from telegrambot.engine.testing import ChatClient
from telegrambot.inbox.desk import drafts, superseding, work
from telegrambot.inbox.desk.exceptions import DecidedAlready, Outdated, ReplyTooLong
from telegrambot.inbox.models import DraftReply, ModelCall

pytestmark = pytest.mark.django_db

QUESTION = "When are you open? On Sunday too?"


def answers(dialog):
    found = Message.objects.filter(dialog=dialog, priority=Priority.APPROVED_REPLY).order_by("pk")
    return [message.text for message in found]


@pytest.fixture
def draft(customer, dialog, guide, olga, boris):
    customer.send(QUESTION)
    work.make(dialog.pk)
    return DraftReply.objects.get()


def test_a_question_that_a_guide_answers_becomes_a_draft(draft, dialog):
    assert draft.status == "pending_approval"
    assert "On Sunday we are closed" in draft.text
    assert draft.made_from["sources"][0]["title"] == "Opening hours"
    assert draft.topic.startswith("guide:")
    assert answers(dialog) == []
    dialog.refresh_from_db()
    assert dialog.last_processed_message_id == draft.last_message_id
    assert ModelCall.objects.get().error == ""


def test_drafting_twice_makes_one_draft(draft, dialog):
    work.make(dialog.pk)

    assert DraftReply.objects.get() == draft


def test_every_operator_gets_a_card_and_the_first_decision_wins(draft, dialog, olga, boris):
    first, second = ChatClient(olga), ChatClient(boris)
    first.receive(), second.receive()

    screen = first.press("✅ Approve")

    assert "Approved by Olga" in screen.text
    assert len(answers(dialog)) == 1
    assert "Approved by Olga" in second.receive().text
    with pytest.raises(DecidedAlready, match="Olga"):
        drafts.reject(draft, actor=boris)
    assert len(answers(dialog)) == 1


def test_an_answer_is_one_message_whatever_its_characters_take(draft, dialog, olga):
    with pytest.raises(ReplyTooLong, match="4002"):
        drafts.approve(draft, text="🎉" * 2001, actor=olga)
    assert answers(dialog) == []

    drafts.approve(draft, text="🎉" * 1999 + "<", actor=olga)

    assert answers(dialog) == ["🎉" * 1999 + "&lt;"]


def test_a_newer_question_takes_the_draft_back(draft, customer, dialog, olga):
    customer.send("And on Monday?")

    draft.refresh_from_db()
    assert draft.status == "superseded"
    with pytest.raises(Exception, match="no longer open"):
        drafts.approve(draft, actor=olga)
    assert answers(dialog) == []


def test_what_was_stored_but_not_handled_yet_keeps_an_answer_back(draft, dialog, olga):
    Message.objects.create(dialog=dialog, direction="inbound", status="delivered", text="Wait!")

    with pytest.raises(Outdated):
        drafts.approve(draft, actor=olga)
    assert answers(dialog) == []


def test_a_draft_of_a_message_that_was_stored_but_not_handled_yet_stays(customer, dialog, guide, olga):
    said = Message.objects.filter(dialog=dialog, direction="inbound")
    customer.send(QUESTION)
    work.make(dialog.pk)
    draft = DraftReply.objects.get()

    superseding.follow(dialog, said.get(), QUESTION)

    draft.refresh_from_db()
    assert draft.status == "pending_approval"
    assert draft.last_message_id == said.get().pk
