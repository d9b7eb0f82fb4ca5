"""The life of a conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import EventLog
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox import answering, notes, services
from telegrambot.inbox.exceptions import (
    AnotherIsOpen,
    ConversationNotFound,
    NotAnOperator,
    NoteEmpty,
    NoteNotFound,
    NoteTooLong,
)
from telegrambot.inbox.models import MAX_NOTE, Conversation, Note
from telegrambot.inbox.tasks import close_quiet_conversations
from telegrambot.inbox.tests.factories import ConversationFactory, operator, said, waiting
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def events(name):
    return EventLog.objects.filter(action=f"inbox.conversation.{name}")


# ── Receiving ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_message_after_closing_opens_a_new_one():
    first = waiting()
    services.close(first, actor=None)

    received = services.receive(first.dialog, timezone.now())

    assert received.is_new
    assert received.begins_waiting
    assert received.conversation_id != first.pk
    assert Conversation.objects.filter(dialog=first.dialog, is_active=True).count() == 1


def test_waiting_counts_from_the_first_unanswered_message():
    moment = timezone.now() - timedelta(hours=2)
    dialog = DialogFactory()
    said(dialog, moment=moment)

    received = services.receive(dialog, timezone.now())

    assert (received.is_new, received.begins_waiting) == (False, False)
    assert Conversation.objects.get().waiting_since == moment


def test_a_late_message_does_not_turn_the_clock_back():
    dialog = DialogFactory()
    now = timezone.now()
    said(dialog, moment=now)

    services.receive(dialog, now - timedelta(hours=1))

    assert Conversation.objects.get().last_activity == now


def test_one_statement_receives(django_assert_num_queries):
    dialog = DialogFactory()
    with django_assert_num_queries(1):
        services.receive(dialog, timezone.now())


def test_the_database_allows_one_open_conversation_of_a_chat():
    found = waiting()

    with pytest.raises(IntegrityError), transaction.atomic():
        ConversationFactory(dialog=found.dialog)


@pytest.mark.parametrize(
    "values",
    [
        {"is_active": False},
        {"closed_at": timezone.now()},
        {"message_count": -1},
        {"unread_count": -1},
    ],
)
def test_the_database_refuses_what_cannot_be(values):
    found = waiting()

    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=found.pk).update(**values)


# ── Assigning ─────────────────────────────────────────────────────────────────────────────────────────────


def test_taking_it_is_an_event():
    found, olga = waiting(), operator()

    services.assign(found, olga, actor=olga)
    services.assign(found, olga, actor=olga)

    assert fresh(found).assigned_to == olga
    event = events("assigned").get()
    assert event.details == {"person": str(olga.pk)}


def test_handing_over_keeps_the_note_and_tells_the_other():
    found, olga, boris = waiting(), operator(), operator()

    services.assign(found, boris, note="  You know her ", actor=olga)

    assert fresh(found).assigned_to == boris
    note = Note.objects.get()
    assert (note.text, note.author, note.about) == ("You know her", olga, found.dialog.person)
    assert events("handed_over").count() == 1
    assert "You know her" in Message.objects.get(dialog__person=boris, priority=2).text
    assert "You know her" not in str(EventLog.objects.values_list("details"))


def test_it_may_be_nobodys_again():
    found, olga = waiting(), operator()
    services.assign(found, olga, actor=olga)

    services.assign(found, None, actor=olga)

    assert fresh(found).assigned_to is None
    assert events("released").count() == 1


@pytest.mark.parametrize("values", [{"role": Role.SUBSCRIBER}, {"role": Role.ADMIN, "is_active": False}])
def test_only_operators_get_conversations(values):
    found, person = waiting(), TelegramUserFactory(**values)

    with pytest.raises(NotAnOperator):
        services.assign(found, person, note="Hello", actor=None)

    assert fresh(found).assigned_to is None
    assert not Note.objects.exists()


def test_the_operator_behind_a_button_has_to_be_one_still():
    olga = operator()
    assert services.operator(olga.telegram_id) == olga

    with pytest.raises(NotAnOperator):
        services.operator(TelegramUserFactory().telegram_id)


# ── Closing and opening ───────────────────────────────────────────────────────────────────────────────────


def test_closing_ends_the_waiting_and_takes_notices_back():
    olga = operator()
    from telegrambot.inbox import notices

    found = waiting()
    notices.tell_waiting(services.find(found.pk), None)
    notice = Message.objects.get(dialog__person=olga)

    services.close(found, actor=olga)
    services.close(found, actor=olga)

    row = fresh(found)
    assert (row.is_active, row.is_waiting, row.unread_count) == (False, False, 0)
    assert row.closed_at is not None
    assert fresh(notice).status == Message.Status.CANCELLED
    assert events("closed").count() == 1


def test_closing_leaves_the_notices_of_others():
    olga = operator()
    from telegrambot.inbox import notices

    first, second = waiting(), waiting()
    notices.tell_waiting(services.find(second.pk), None)

    services.close(first, actor=olga)

    assert Message.objects.get(dialog__person=olga).status == Message.Status.QUEUED


def test_opening_again():
    found = waiting()
    services.close(found, actor=None)

    services.reopen(found, actor=None)
    services.reopen(found, actor=None)

    assert fresh(found).is_active
    assert events("reopened").count() == 1


def test_an_old_one_stays_closed_beside_a_newer_one():
    found = waiting()
    services.close(found, actor=None)
    said(found.dialog)

    with pytest.raises(AnotherIsOpen):
        services.reopen(found, actor=None)

    assert not fresh(found).is_active


def test_an_operator_may_begin():
    dialog = DialogFactory()

    first = services.with_person(dialog, actor=None)
    second = services.with_person(dialog, actor=None)

    assert first == second
    assert not first.is_waiting


def test_quiet_ones_close_by_themselves_unless_somebody_waits():
    long_ago = timezone.now() - timedelta(hours=30)
    quiet, lively, unanswered = waiting(), waiting(), waiting()
    for found in (quiet, lively):
        answering.answer(found, "Hi", key="1", actor=None)
    Conversation.objects.exclude(pk=lively.pk).update(last_activity=long_ago)

    close_quiet_conversations(0)

    assert [fresh(found).is_active for found in (quiet, lively, unanswered)] == [False, True, True]


def test_how_long_quiet_is_is_a_setting():
    found = waiting()
    answering.answer(found, "Hi", key="1", actor=None)
    Conversation.objects.update(last_activity=timezone.now() - timedelta(hours=30))
    settings_store.set("inbox.close_after_hours", 48, actor=None)

    close_quiet_conversations(0)

    assert fresh(found).is_active


def test_many_quiet_ones_close_in_batches():
    for _number in range(3):
        answering.answer(waiting(), "Hi", key="1", actor=None)
    Conversation.objects.update(last_activity=timezone.now() - timedelta(hours=30))

    assert services.close_quiet(timedelta(hours=24), limit=2) == 2
    assert services.close_quiet(timedelta(hours=24), limit=2) == 1
    assert services.close_quiet(timedelta(hours=24), limit=2) == 0


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────


def test_reading_marks_the_messages():
    found = waiting("First")
    second = said(found.dialog, "Second")
    old = Message.objects.create(
        dialog=found.dialog,
        direction="inbound",
        status="delivered",
        text="/start",
        timestamp=timezone.now() - timedelta(days=1),
    )

    assert services.mark_read(found, actor=None) == 2

    assert fresh(second).status == Message.Status.READ
    assert fresh(old).status == Message.Status.DELIVERED
    assert (fresh(found).unread_count, fresh(found).unread_since) == (0, None)
    assert services.mark_read(found, actor=None) == 0


def test_reading_up_to_a_message_leaves_the_newer_ones():
    found = waiting("First")
    first = Message.objects.get()
    second = said(found.dialog, "Second")

    assert services.mark_read(found, up_to=first.pk, actor=None) == 1

    row = fresh(found)
    assert (row.unread_count, row.unread_since) == (1, second.timestamp)
    assert row.is_waiting


def test_what_was_read_may_be_marked_unread():
    found = waiting()
    services.mark_read(found, actor=None)

    services.mark_unread(found, actor=None)
    services.mark_unread(found, actor=None)

    assert fresh(found).unread_count == 1
    assert Message.objects.get().status == Message.Status.DELIVERED
    assert services.mark_read(found, actor=None) == 1


def test_nothing_said_cannot_be_unread():
    found = ConversationFactory()

    services.mark_unread(found, actor=None)

    assert fresh(found).unread_count == 0


def test_what_is_gone_is_said_to_be_gone():
    found = waiting()
    Conversation.objects.all().delete()

    for call in (services.close, services.mark_read, services.mark_unread, services.reopen):
        with pytest.raises(ConversationNotFound):
            call(found, actor=None)
    with pytest.raises(ConversationNotFound):
        services.find(found.pk)


# ── Notes ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_notes_are_kept_changed_and_removed():
    found, olga = waiting(), operator()
    note = notes.add(found, " Pays late ", actor=olga)

    notes.change(note, "Pays on time", actor=olga)

    assert [row.text for row in notes.of(found)] == ["Pays on time"]
    assert "late" not in str(list(EventLog.objects.values_list("details")))
    notes.remove(note, actor=olga)
    assert not notes.of(found).exists()
    with pytest.raises(NoteNotFound):
        notes.change(note, "Again", actor=olga)


@pytest.mark.parametrize(("text", "error"), [(" ", NoteEmpty), ("x" * (MAX_NOTE + 1), NoteTooLong)])
def test_a_note_says_something_and_not_too_much(text, error):
    with pytest.raises(error):
        notes.add(waiting(), text, actor=None)

    assert not Note.objects.exists()
