"""Somebody answers, or ends it, while a model writes; or answers without having seen the last message."""

from __future__ import annotations

import pytest
from django.utils import timezone

from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.tests.factories import MessageFactory
from telegrambot.inbox import answering, services
from telegrambot.inbox.desk import dialogs, drafts, superseding, tasks, work
from telegrambot.inbox.models import Conversation, DraftReply, HeldText
from telegrambot.inbox.tests.desk.factories import decided
from telegrambot.inbox.tests.factories import said
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

QUESTION = "When are you open on Sunday?"


def answer_by_hand(dialog, actor):
    found = Conversation.objects.get(dialog=dialog)
    answering.answer(found, "We are closed on Sunday.", key="hand", actor=actor)


def answer_in_telegram(dialog, actor):
    services.answered_elsewhere(dialog, timezone.now())
    superseding.answered_in_telegram(dialog)


def close(dialog, actor):
    services.close(Conversation.objects.get(dialog=dialog), actor=actor)


def switch_off(dialog, actor):
    dialogs.set_processing([dialog.pk], False, actor=actor)


def make(dialog, monkeypatch, meanwhile):
    """Make a draft; `meanwhile()` happens while the model writes."""
    drafted = work.drafting.draft

    def interrupted(*args, **more):
        found = drafted(*args, **more)
        meanwhile()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(work.drafting, "draft", interrupted)
        work.make(dialog.pk)


@pytest.mark.parametrize("is_automatic", [False, True])
@pytest.mark.parametrize("deed", [answer_by_hand, answer_in_telegram, close, switch_off])
def test_what_nobody_waits_for_any_more_is_neither_shown_nor_sent(
    dialog, guide, olga, monkeypatch, deed, is_automatic
):
    settings_store.set("drafting.approvals_needed", 3, actor=None)
    settings_store.set("drafting.quiet_hours", "", actor=None)
    decided(dialog, 3)
    dialogs.set_auto_send(dialog, is_automatic, actor=None)
    said(dialog, QUESTION)

    make(dialog, monkeypatch, lambda: deed(dialog, olga))

    assert not DraftReply.objects.exclude(status="sent").exists()
    answers = Message.objects.filter(dialog=dialog, priority=Priority.APPROVED_REPLY)
    assert answers.count() == (deed is answer_by_hand)


def test_closing_takes_the_draft_back(dialog, guide, olga):
    said(dialog, QUESTION)
    work.make(dialog.pk)

    close(dialog, olga)

    assert DraftReply.objects.get().status == "superseded"


def test_who_asks_for_another_draft_while_one_is_written_gets_it(dialog, guide, olga, monkeypatch):
    said(dialog, QUESTION)
    work.make(dialog.pk)
    drafts.redraft(dialog, actor=olga)

    make(dialog, monkeypatch, lambda: drafts.redraft(dialog, actor=olga))

    assert [draft.status for draft in DraftReply.objects.order_by("pk")] == ["superseded", "pending_approval"]


@pytest.fixture
def first(dialog):
    """What the operator answers without having seen more."""
    return said(dialog, "Hi, is Ann there?")


def answer_first(first, actor):
    found = Conversation.objects.get(dialog=first.dialog)
    (key,) = answering.answer(found, "No", key="first", seen_up_to=first.pk, actor=actor)
    Message.objects.filter(pk=key).update(status="sent")


def test_a_draft_that_knows_what_the_operator_had_not_seen_stays(dialog, first, customer, guide, olga):
    customer.send(QUESTION)
    work.make(dialog.pk)

    answer_first(first, olga)
    work.make(dialog.pk)

    assert DraftReply.objects.get().status == "pending_approval"


@pytest.mark.parametrize("keeps_history", [True, False])
def test_what_the_operator_had_not_seen_gets_its_draft(dialog, first, customer, guide, olga, keeps_history):
    Dialog.objects.filter(pk=dialog.pk).update(keep_history=keeps_history)
    customer.send(QUESTION)
    assert HeldText.objects.count() == (not keeps_history)

    answer_first(first, olga)
    work.make(dialog.pk)

    assert "On Sunday we are closed" in DraftReply.objects.get().text


@pytest.mark.parametrize("deed", [answer_by_hand, answer_in_telegram])
def test_what_was_stored_but_not_handled_yet_gets_its_draft(dialog, first, guide, olga, deed):
    asked = MessageFactory(dialog=dialog, direction="inbound", status="delivered", text=QUESTION)

    deed(dialog, olga)
    services.receive(dialog, asked.timestamp)  # now it is handled
    superseding.follow(dialog, asked, QUESTION)

    assert list(tasks.unanswered()) == [dialog.pk]
    work.make(dialog.pk)
    assert DraftReply.objects.get().last_message_id == asked.pk


def test_an_answer_to_all_that_was_said_needs_no_draft(dialog, first, customer, guide, olga):
    customer.send(QUESTION)
    newest = Message.objects.filter(dialog=dialog, direction="inbound").latest("pk")

    answer_first(newest, olga)
    work.make(dialog.pk)

    assert not DraftReply.objects.exists()
