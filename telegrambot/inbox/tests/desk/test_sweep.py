"""The sweep reaches whoever waits, however many wait in vain before them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import MessageFactory
from telegrambot.inbox.desk import drafts, queueing, tasks, work
from telegrambot.inbox.models import DraftReply, ModelCall
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import chat_with, said
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def another():
    return lambda: chat_with(TelegramUserFactory(), is_processing_enabled=True)


def adds(dialog, text="", **values):
    """What a person says or does that nobody has to answer."""
    return MessageFactory(dialog=dialog, direction="inbound", status="delivered", text=text, **values)


def test_chats_without_a_question_hold_nobody_up(monkeypatch, another):
    monkeypatch.setattr(tasks, "_SWEEP_BATCH", 2)
    moment = timezone.now() - timedelta(days=3)
    chats = [another() for _ in range(5)]
    for dialog in chats[:3]:
        said(dialog, "", moment, message_type="photo")  # all at the same moment
    said(chats[4], "Are you open?", moment + timedelta(hours=1))
    said(chats[3], "Anybody?", moment + timedelta(hours=2))

    assert list(tasks.unanswered()) == [chat.pk for chat in (*chats[:3], chats[4], chats[3])]

    tasks.sweep_drafts(0)

    asked = ProcrastinateJob.objects.filter(task_name=queueing.TASK, status="todo")
    assert {job.args["dialog_id"] for job in asked} == {chat.pk for chat in chats}


@pytest.mark.parametrize("more", [{"text": "/help"}, {"message_type": "service"}], ids=["command", "service"])
def test_what_asks_nothing_needs_no_draft_after_a_rejected_one(dialog, olga, guide, more):
    said(dialog, "Are you open on Sunday?")
    work.make(dialog.pk)
    drafts.reject(DraftReply.objects.get(), actor=olga)

    adds(dialog, **more)
    assert list(tasks.unanswered()) == []

    said(dialog, "And on Monday?")
    assert list(tasks.unanswered()) == [dialog.pk]


def test_what_was_deleted_needs_no_draft_and_neither_does_deleting(dialog, olga, guide):
    said(dialog, "Are you open on Sunday?")
    work.make(dialog.pk)
    drafts.reject(DraftReply.objects.get(), actor=olga)

    added = said(dialog, "And on Monday?")
    assert list(tasks.unanswered()) == [dialog.pk]
    adds(dialog, operation=Message.Operation.DELETE, target=added)

    assert list(tasks.unanswered()) == []


def test_an_edited_question_needs_another_draft(dialog, olga):
    draft = drafts.reject(DraftReplyFactory(dialog=dialog), actor=olga)
    dialog.last_processed_message_id = draft.last_message_id
    dialog.save()

    edited = Message.objects.get(pk=draft.last_message_id)
    adds(dialog, "Are you open today?", operation=Message.Operation.EDIT, target=edited)

    assert list(tasks.unanswered()) == [dialog.pk]


def test_a_chat_without_a_question_costs_no_call_of_a_model(chosen, server, dialog):
    said(dialog, "", message_type="voice")

    for dialog_id in tasks.unanswered():
        work.make(dialog_id)

    assert server.received == []
    assert not ModelCall.objects.exists()


@pytest.mark.parametrize(("days", "is_kept"), [(31, False), (999_999, True)])
def test_calls_go_after_their_time_however_long_it_is(dialog, days, is_kept):
    settings_store.set("drafting.calls_days", days, actor=None)
    ModelCall.objects.create(dialog=dialog, provider="openai")
    ModelCall.objects.update(created_at=timezone.now() - timedelta(days=1000))

    tasks.sweep_drafts(0)

    assert ModelCall.objects.exists() is is_kept
