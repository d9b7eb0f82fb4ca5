"""The queue of updates: found cheaply, taken oldest first, one at a time per chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from telegrambot.engine import pending
from telegrambot.engine.models import Dialog, InboundUpdate
from telegrambot.engine.pending import AttemptJournal, ChatsWithWork, Pending
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory
from telegrambot.engine.tests.incoming import message, person, together, update

pytestmark = pytest.mark.django_db
Status = InboundUpdate.Status


def waiting(dialog, **more):
    return InboundUpdateFactory(dialog=dialog, status=Status.PENDING, **more)


def key_of(kind, body, number=1):
    payload = update(kind, body, number)
    return Pending(1, 1, number, 7, kind, payload, 0, timezone.now()).processed_key


# ── What is the same thing ────────────────────────────────────────────────────────────────────────────────


def test_one_message_under_two_numbers_is_one_thing():
    body = message()
    assert key_of("message", body, 1) == key_of("message", body, 2) == f"msg::501:{body['message_id']}"


def test_a_message_its_edits_a_reaction_and_its_business_twin_are_different_things():
    body = message(date=1)
    reaction = {key: body[key] for key in ("chat", "message_id", "date")} | {
        "user": person(),
        "new_reaction": [],
    }
    keys = {
        key_of("message", body),
        key_of("edited_message", body | {"edit_date": 5}),
        key_of("edited_message", body | {"edit_date": 6}),
        key_of("business_message", body | {"business_connection_id": "a"}),
        key_of("edited_business_message", body | {"business_connection_id": "a", "edit_date": 5}),
        key_of("message_reaction", reaction),
        key_of("message", body | {"chat": {"id": 502, "type": "private"}}),
    }
    assert len(keys) == 7


def test_a_message_that_was_edited_before_it_came_is_not_its_edit():
    body = message(edit_date=5)
    assert key_of("message", body) != key_of("edited_message", body)


def test_two_presses_on_one_keyboard_are_two_things():
    press = {"from": person(), "message": message(), "data": "x"}
    assert key_of("callback_query", press | {"id": "1"}, 1) != key_of(
        "callback_query", press | {"id": "2"}, 2
    )
    assert key_of("callback_query", press | {"id": "1"}, 1) == key_of(
        "callback_query", press | {"id": "1"}, 3
    )


def test_every_key_fits_its_column():
    long = message(business_connection_id="b" * 100, message_id=10**18)
    assert len(key_of("business_message", long)) <= 100
    assert len(key_of("callback_query", {"id": "9" * 200})) <= 100


# ── Finding and taking ────────────────────────────────────────────────────────────────────────────────────


def test_each_chat_gives_its_oldest_due_update():
    first, second, later = DialogFactory.create_batch(3)
    oldest = waiting(first)
    waiting(first)
    InboundUpdateFactory(dialog=second)
    behind = waiting(second)
    waiting(later, not_before=timezone.now() + timedelta(seconds=60))
    waiting(later)

    with transaction.atomic():
        taken = pending.lock_and_take([first.pk, second.pk, later.pk])

    assert [update.key for update in taken] == [oldest.pk, behind.pk]


def test_chats_are_looked_for_in_turn(monkeypatch):
    monkeypatch.setattr(pending, "LOOK_AHEAD", 2)
    dialogs = DialogFactory.create_batch(5)
    for dialog in dialogs:
        waiting(dialog)
    chats = ChatsWithWork()
    keys = [dialog.pk for dialog in dialogs]

    assert chats.look()
    assert chats.take(1) == keys[:1]
    assert chats.look()
    assert chats.take(9) == keys[1:2]
    assert not chats.are_remembered

    chats.look()
    assert chats.take(9) == keys[2:4]  # behind the last one, though the first still has work
    chats.look()
    assert chats.take(9) == keys[4:]
    chats.look()
    assert keys[0] in chats.take(9)


def test_the_first_chats_come_again_when_nothing_waits_behind_the_last(monkeypatch):
    monkeypatch.setattr(pending, "LOOK_AHEAD", 2)
    keys = [dialog.pk for dialog in DialogFactory.create_batch(2)]
    for key in keys:
        waiting(Dialog.objects.get(pk=key))
    chats = ChatsWithWork()

    for _ in range(3):
        assert chats.look()
        assert chats.take(9) == keys


def test_a_suspect_is_remembered_once_and_hides_no_other_chat():
    dialogs = DialogFactory.create_batch(2)
    for dialog in dialogs:
        waiting(dialog)
    chats = ChatsWithWork()
    keys = [dialog.pk for dialog in dialogs]

    assert chats.suspect(keys[:1])
    assert not chats.suspect(keys[:1])
    assert chats.suspect(keys)
    assert list(chats.suspects) == keys
    assert chats.look()
    assert chats.take(9) == keys


def test_an_empty_queue_is_no_work():
    InboundUpdateFactory()
    assert not ChatsWithWork().look()


def test_an_update_without_content_cannot_wait():
    update = InboundUpdateFactory(payload=None)
    with pytest.raises(IntegrityError, match="ck_update_waits_with_content"):
        InboundUpdate.objects.filter(pk=update.pk).update(status=Status.PENDING)


def _deep_queue(deep: int) -> None:
    dialogs = DialogFactory.create_batch(5)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_inboundupdate (bot_id, update_id, source, dialog_id, kind, payload)"
            " SELECT 7, n, 'polling', %s, 'message', '{}' FROM generate_series(1, %s) AS n",
            [dialogs[0].pk, deep],
        )
    for dialog in dialogs[1:]:
        waiting(dialog)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE engine_inboundupdate")


def test_a_chat_five_thousand_updates_deep_is_jumped_over_by_the_index():
    _deep_queue(5_000)
    with connection.cursor() as cursor:
        sql = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + pending._CHATS_WITH_WORK
        cursor.execute(sql, {"after": 0, "limit": 512})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("ix_update_pending") == 2
    assert "Seq Scan on engine_inboundupdate" not in plan
    assert "Sort" not in plan
    assert "rows=5000" not in plan
    assert "rows=5001" not in plan

    chats = ChatsWithWork()
    chats.look()
    assert len(chats.take(512)) == 5


def test_the_oldest_of_a_deep_chat_is_taken_by_the_index():
    _deep_queue(5_000)
    with connection.cursor() as cursor:
        keys = list(InboundUpdate.objects.values_list("dialog_id", flat=True).distinct())
        cursor.execute("EXPLAIN (COSTS OFF) " + pending._TAKE, [keys])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ix_update_pending" in plan
    assert "Seq Scan on engine_inboundupdate" not in plan


@pytest.mark.django_db(transaction=True)
def test_a_chat_that_somebody_holds_is_left_to_them():
    held, free = DialogFactory.create_batch(2)
    waiting(held)
    expected = waiting(free)

    def take() -> list[int]:
        with transaction.atomic():
            return [update.key for update in pending.lock_and_take([held.pk, free.pk])]

    with transaction.atomic():
        assert len(pending.lock_and_take([held.pk])) == 1
        assert together(take) == [[expected.pk]]


# ── Counting tries ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_a_try_stays_counted_when_everything_else_is_rolled_back():
    update = waiting(DialogFactory())
    journal = AttemptJournal()
    with transaction.atomic():
        pending.lock_and_take([update.dialog_id])
        journal.count([update.pk])
        transaction.set_rollback(True)
    journal.close()

    update.refresh_from_db()
    assert update.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_the_journal_comes_back_when_its_connection_died():
    update = waiting(DialogFactory())
    journal = AttemptJournal()
    journal.count([update.pk])
    with connection.cursor() as cursor:
        own = journal._connection().connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])

    journal.count([update.pk])
    journal.close()

    update.refresh_from_db()
    assert update.attempts == 2


def test_a_try_is_taken_back_once_and_never_below_zero():
    counted, fresh, done = (
        waiting(DialogFactory(), attempts=2),
        waiting(DialogFactory()),
        InboundUpdateFactory(attempts=1),
    )

    pending.uncount([counted.pk, fresh.pk, done.pk])

    assert list(InboundUpdate.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 1]


def test_closing_forgets_the_error():
    update = waiting(DialogFactory(), error="it failed before")
    pending.close([update.pk])
    update.refresh_from_db()
    assert (update.status, update.error) == (Status.DONE, "")
    assert update.processed_at is not None
