"""Several people at once: nothing is counted wrong, said twice, or open twice."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.models import EventLog
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox import answering, presence, saved_replies, services
from telegrambot.inbox.desk import choices, drafts, superseding
from telegrambot.inbox.desk.exceptions import SettledAlready
from telegrambot.inbox.exceptions import AnotherIsOpen, AnsweredMeanwhile
from telegrambot.inbox.models import Conversation, Presence, SavedReplyUse, SystemPrompt, UserSelectedModel
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import SavedReplyFactory, operator, waiting
from tests.at_once import at_once
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


def errors(results):
    return [result for result in results if isinstance(result, Exception)]


def test_a_form_submitted_twice_at_once_sends_once():
    found, olga = waiting(), operator()

    results = at_once(
        *[lambda: answering.answer(found, "Yes", key="form", actor=olga) for _number in range(4)]
    )

    assert errors(results) == []
    assert sorted(map(len, results)) == [0, 0, 0, 1]
    assert Message.objects.filter(priority=1).count() == 1
    assert EventLog.objects.filter(action="inbox.conversation.answered").count() == 1


def test_of_two_operators_who_answer_at_once_the_second_is_told():
    found, olga, boris = waiting(), operator(), operator()
    seen = Message.objects.latest("pk").pk

    results = at_once(
        lambda: answering.answer(found, "Yes", key="1", seen_up_to=seen, actor=olga),
        lambda: answering.answer(found, "No", key="2", seen_up_to=seen, actor=boris),
    )

    assert Counter(type(result) for result in results) == {list: 1, AnsweredMeanwhile: 1}
    assert Message.objects.filter(priority=1).count() == 1


def receive(dialog):
    """Receive as dispatch does: with the chat's row locked."""
    with transaction.atomic():
        Dialog.objects.select_for_update(no_key=True).get(pk=dialog.pk)
        return services.receive(dialog, timezone.now())


def test_who_answers_while_a_message_is_handled_waits_for_it_instead_of_both_for_ever():
    found, olga = waiting(), operator()
    is_locked = threading.Event()

    def handle():
        with transaction.atomic():
            Dialog.objects.select_for_update(no_key=True).get(pk=found.dialog_id)
            is_locked.set()
            with connection.cursor() as cursor:
                wait_until(lambda: _somebody_waits(cursor), "the answer to wait for the chat", seconds=10)
            return services.receive(found.dialog, timezone.now())

    def speak():
        assert is_locked.wait(10)
        return answering.answer(found, "Yes", key="1", actor=olga)

    assert errors(at_once(handle, speak)) == []
    assert Message.objects.filter(priority=1).count() == 1


@pytest.mark.parametrize(
    ("decide", "refusal"),
    [
        (lambda draft: drafts.reject(draft, actor=None), [SettledAlready]),
        (lambda draft: drafts.redraft(draft.dialog, actor=None), []),
    ],
    ids=["reject", "redraft"],
)
def test_who_decides_about_a_draft_waits_for_the_message_that_is_handled(decide, refusal):
    draft = DraftReplyFactory(dialog__auto_send_enabled=True)
    is_locked = threading.Event()

    def handle():
        with transaction.atomic():
            Dialog.objects.select_for_update(no_key=True).get(pk=draft.dialog_id)
            is_locked.set()
            with connection.cursor() as cursor:
                wait_until(lambda: _somebody_waits(cursor), "the decision to wait", seconds=10)
            return superseding.supersede(draft.dialog)

    def speak():
        assert is_locked.wait(10)
        return decide(draft)

    assert list(map(type, errors(at_once(handle, speak)))) == refusal
    draft.refresh_from_db()
    assert draft.status == "superseded"


def _somebody_waits(cursor):
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    return cursor.fetchone()[0] > 0


def test_counters_are_right_whoever_writes_meanwhile():
    found, olga = waiting(), operator()

    def write():
        return [receive(found.dialog) for _number in range(ROUNDS)]

    def speak(name):
        return [
            answering.answer(found, "Yes", key=f"{name}:{number}", actor=olga) for number in range(ROUNDS)
        ]

    results = at_once(write, lambda: speak("a"), lambda: speak("b"))

    assert errors(results) == []
    row = Conversation.objects.get()
    assert row.message_count == 1 + 3 * ROUNDS
    assert 0 <= row.unread_count <= ROUNDS
    assert row.last_answer_id == Message.objects.filter(priority=1).latest("pk").pk


def test_closing_and_writing_at_once_leaves_one_open_or_none():
    found = waiting()

    for _number in range(ROUNDS):
        results = at_once(
            lambda: receive(found.dialog),
            lambda: services.close(Conversation.objects.latest("pk"), actor=None),
        )
        assert errors(results) == []
        assert Conversation.objects.filter(is_active=True).count() <= 1

    receive(found.dialog)
    assert Conversation.objects.filter(is_active=True).count() == 1


def test_opening_again_and_writing_at_once():
    found = waiting()

    for _number in range(ROUNDS):
        for row in Conversation.objects.filter(is_active=True):
            services.close(row, actor=None)
        results = at_once(lambda: receive(found.dialog), lambda: services.reopen(found, actor=None))
        assert all(isinstance(error, AnotherIsOpen) for error in errors(results))
        assert Conversation.objects.filter(is_active=True).count() == 1


def test_answering_a_closed_one_and_writing_at_once():
    found, olga = waiting(), operator()

    for number in range(ROUNDS):
        for row in Conversation.objects.filter(is_active=True):
            services.close(row, actor=None)
        results = at_once(
            lambda: receive(found.dialog),
            lambda key=str(number): answering.answer(found, "Yes", key=key, actor=olga),
            lambda: services.reopen(found, actor=None),
        )
        assert all(isinstance(error, AnotherIsOpen) for error in errors(results))
        assert Conversation.objects.filter(is_active=True).count() == 1
    assert Message.objects.filter(priority=1).count() == ROUNDS


def test_of_many_who_begin_at_once_all_get_the_same_conversation():
    dialog = DialogFactory()

    results = at_once(*[lambda: services.with_person(dialog, actor=None) for _number in range(4)])

    assert errors(results) == []
    assert {row.pk for row in results} == {Conversation.objects.get().pk}


def test_two_who_take_it_at_once_leave_one_assignee_and_two_events():
    found, olga, boris = waiting(), operator(), operator()

    results = at_once(
        lambda: services.assign(found, olga, actor=olga), lambda: services.assign(found, boris, actor=boris)
    )

    assert errors(results) == []
    assert Conversation.objects.get().assigned_to in {olga, boris}
    assert EventLog.objects.filter(action="inbox.conversation.assigned").count() == 2


def test_closing_the_quiet_waits_for_nobody():
    busy, quiet = waiting(), waiting()
    for found in (busy, quiet):
        answering.answer(found, "Yes", key="1", actor=None)
    Conversation.objects.update(last_activity=timezone.now() - timedelta(days=2))

    with transaction.atomic():
        services.locked(busy)
        (closed,) = at_once(lambda: services.close_quiet(timedelta(hours=24)))

    assert closed == 1
    assert Conversation.objects.get(pk=busy.pk).is_active


def test_uses_are_counted_once_by_however_many_count():
    saved = SavedReplyFactory()
    for _number in range(20):
        saved_replies.note_use(saved)

    results = at_once(*[lambda: saved_replies.count_uses(limit=7) for _number in range(3)])

    assert errors(results) == []
    while saved_replies.count_uses():
        pass
    saved.refresh_from_db()
    assert saved.times_used == 20
    assert not SavedReplyUse.objects.exists()


def test_beats_of_one_operator_from_two_pages_are_one_row():
    found, olga = waiting(), operator()

    results = at_once(*[lambda: presence.beat(found, actor=olga) for _number in range(4)])

    assert results == [[], [], [], []]
    assert Presence.objects.count() == 1


@pytest.mark.parametrize("is_own", [True, False])
def test_a_first_choice_saved_twice_at_once_is_one_choice(is_own):
    olga = operator()
    whose = olga if is_own else None

    def save():
        return choices.choose(whose, provider="ollama", model_name="x", instructions="Be brief.", actor=olga)

    for _number in range(ROUNDS):
        UserSelectedModel.objects.all().delete()
        SystemPrompt.objects.all().delete()

        results = at_once(save, save)

        assert errors(results) == []
        assert UserSelectedModel.objects.get().prompt == SystemPrompt.objects.get()
