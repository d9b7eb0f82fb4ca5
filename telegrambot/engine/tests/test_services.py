"""What operators decide about updates and messages."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import services, wake
from telegrambot.engine.exceptions import (
    AlreadySending,
    NotFailed,
    NothingToRetry,
    NotQueued,
    NotUncertain,
    NotUndelivered,
    TooManyAtOnce,
)
from telegrambot.engine.models import InboundUpdate, Message, ProcessedMessage
from telegrambot.engine.routing import registry
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import InboundUpdateFactory, MessageFactory

pytestmark = pytest.mark.django_db


def failed_update(**fields):
    return InboundUpdateFactory(
        status="failed",
        attempts=3,
        error="ValueError: broken",
        not_before=timezone.now() + timedelta(hours=1),
        processed_at=timezone.now(),
        **fields,
    )


# ── retry ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_retry_lets_failed_updates_begin_anew():
    updates, other = [failed_update(), failed_update()], failed_update()

    assert services.retry_updates([update.pk for update in updates], actor=None) == 2

    for update in updates:
        update.refresh_from_db()
        assert (update.status, update.attempts, update.error) == ("pending", 0, "")
        assert update.processed_at is None
        assert update.not_before <= timezone.now()
    other.refresh_from_db()
    assert (other.status, other.attempts) == ("failed", 3)


def test_retry_takes_a_queryset_too():
    failed_update()
    InboundUpdateFactory()

    assert services.retry_updates(InboundUpdate.objects.filter(status="failed"), actor=None) == 1
    assert InboundUpdate.objects.filter(status="pending").count() == 1


@pytest.mark.parametrize("status", ["pending", "done"])
def test_retry_refuses_what_did_not_fail_and_changes_nothing(status):
    failed, other = failed_update(), InboundUpdateFactory(status=status)

    with pytest.raises(NotFailed) as refusal:
        services.retry_updates([failed.pk, other.pk], actor=None)

    assert "1" in str(refusal.value)
    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == ("failed", 3)


@pytest.mark.parametrize("missing", [{"payload": None}, {"dialog": None}])
def test_retry_refuses_what_has_nothing_left_to_handle(missing):
    update = failed_update(**missing)

    with pytest.raises(NothingToRetry):
        services.retry_updates([update.pk], actor=None)

    update.refresh_from_db()
    assert update.status == "failed"


def test_more_than_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(services, "MAX_AT_ONCE", 2)
    updates = [failed_update() for _ in range(3)]

    with pytest.raises(TooManyAtOnce):
        services.retry_updates([update.pk for update in updates], actor=None)

    assert InboundUpdate.objects.filter(status="failed").count() == 3


def test_a_retried_update_is_answered_once(monkeypatch):
    def broken(request):
        raise ValueError("broken")

    client = ChatClient(TelegramUserFactory())
    with monkeypatch.context() as patch:
        patch.setitem(registry.commands, "help", replace(registry.commands["help"], view=broken))
        client.send("/help")
    InboundUpdate.objects.update(status="failed", attempts=3)
    Message.objects.filter(direction="outbound").delete()
    update = InboundUpdate.objects.get()
    assert not ProcessedMessage.objects.exists()

    services.retry_updates([update.pk], actor=None)
    client.send("hello")  # dispatch takes what waits, oldest first

    answer = Message.objects.filter(direction="outbound").earliest("pk")
    assert answer.origin == f"update:{update.pk}"
    update.refresh_from_db()
    assert update.status == "done"
    with pytest.raises(NotFailed):
        services.retry_updates([update.pk], actor=None)


# ── send again ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["failed", "uncertain"])
def test_send_again_queues_one_copy_and_notes_it_on_the_old_message(status):
    original = MessageFactory(
        status=status,
        text="<b>Hi</b>",
        payload={"buttons": [[{"text": "Go", "data": "x"}]]},
        message_type="photo",
        priority=9,
        origin="somebody:1",
        attempts=4,
        error="Timed out",
        external_message_id="77",
        dedupe_key="once",
        expires_at=timezone.now() - timedelta(hours=2),
    )

    assert services.send_again([original.pk], actor=None) == 1

    copy = Message.objects.get(dedupe_key=f"again:{original.pk}")
    for name in ("dialog", "person", "text", "payload", "message_type", "priority", "origin", "direction"):
        assert getattr(copy, name) == getattr(original, name), name
    assert (copy.status, copy.attempts, copy.error, copy.external_message_id) == ("queued", 0, "", "")
    assert copy.expires_at is None
    assert copy.not_before <= timezone.now()
    original.refresh_from_db()
    assert original.status == status
    assert original.error == f"Timed out\nSent again as message {copy.pk}."


def test_pressing_twice_sends_once():
    original = MessageFactory(status="failed", error="Gone")

    assert services.send_again([original.pk], actor=None) == 1
    assert services.send_again([original.pk], actor=None) == 0

    assert Message.objects.filter(status="queued").count() == 1
    original.refresh_from_db()
    assert original.error.count("Sent again") == 1


@pytest.mark.django_db(transaction=True)
def test_two_operators_pressing_at_once_send_once():
    originals = MessageFactory.create_batch(20, status="uncertain")
    keys = [message.pk for message in originals]
    counts = []

    def press(order):
        try:
            counts.append(services.send_again(order, actor=None))
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(order,)) for order in (keys, keys[::-1], keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 0, 20]
    assert Message.objects.filter(status="queued").count() == 20


def test_a_copy_that_failed_can_be_sent_again():
    original = MessageFactory(status="failed")
    services.send_again([original.pk], actor=None)
    copy = Message.objects.get(dedupe_key=f"again:{original.pk}")
    Message.objects.filter(pk=copy.pk).update(status="failed")

    assert services.send_again([copy.pk], actor=None) == 1
    assert Message.objects.filter(dedupe_key=f"again:{copy.pk}", status="queued").exists()


def test_an_edit_sent_again_still_changes_its_message():
    shown = MessageFactory()
    edit = MessageFactory(dialog=shown.dialog, operation="edit", target=shown, status="uncertain")

    services.send_again([edit.pk], actor=None)

    copy = Message.objects.get(dedupe_key=f"again:{edit.pk}")
    assert (copy.operation, copy.target) == ("edit", shown)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "sent"},
        {"status": "queued"},
        {"status": "sending"},
        {"status": "cancelled"},
        {"status": "failed", "direction": "inbound"},
    ],
)
def test_send_again_refuses_everything_else(fields):
    failed, other = MessageFactory(status="failed"), MessageFactory(**fields)

    with pytest.raises(NotUndelivered):
        services.send_again([failed.pk, other.pk], actor=None)

    assert Message.objects.count() == 2


# ── count as sent ─────────────────────────────────────────────────────────────────────────────────────────


def test_count_as_sent_settles_an_uncertain_message():
    message = MessageFactory(status="uncertain", error="Connection lost")

    assert services.count_as_sent([message.pk], actor=None) == 1

    message.refresh_from_db()
    assert message.status == "sent"
    assert message.error.startswith("Connection lost\n")
    assert Message.objects.count() == 1


@pytest.mark.parametrize("status", ["failed", "queued", "sending", "sent", "cancelled"])
def test_count_as_sent_refuses_everything_else(status):
    uncertain, other = MessageFactory(status="uncertain"), MessageFactory(status=status)

    with pytest.raises(NotUncertain):
        services.count_as_sent([uncertain.pk, other.pk], actor=None)

    uncertain.refresh_from_db()
    assert uncertain.status == "uncertain"


# ── cancel ────────────────────────────────────────────────────────────────────────────────────────────────


def test_cancel_takes_queued_messages_back():
    queued, other = MessageFactory(status="queued"), MessageFactory(status="queued")

    assert services.cancel_messages([queued.pk], actor=None) == 1

    queued.refresh_from_db()
    other.refresh_from_db()
    assert (queued.status, other.status) == ("cancelled", "queued")


def test_cancel_refuses_a_message_on_its_way_with_a_sentence():
    queued, sending = MessageFactory(status="queued"), MessageFactory(status="sending")

    with pytest.raises(AlreadySending) as refusal:
        services.cancel_messages([queued.pk, sending.pk], actor=None)

    assert "can no longer be cancelled" in str(refusal.value)
    queued.refresh_from_db()
    assert queued.status == "queued"


@pytest.mark.parametrize("status", ["sent", "failed", "uncertain", "cancelled"])
def test_cancel_refuses_what_is_settled(status):
    message = MessageFactory(status=status)

    with pytest.raises(NotQueued):
        services.cancel_messages([message.pk], actor=None)

    message.refresh_from_db()
    assert message.status == status


# ── around it ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_chosen_changes_nothing():
    for service in (
        services.retry_updates,
        services.send_again,
        services.count_as_sent,
        services.cancel_messages,
    ):
        assert service([], actor=None) == 0


def test_who_decided_is_logged_without_any_text(caplog):
    actor = TelegramUserFactory()
    message = MessageFactory(status="queued", text="private words")

    with caplog.at_level(logging.INFO, logger="telegrambot.engine.services"):
        services.cancel_messages([message.pk], actor=actor)

    assert str(actor.pk) in caplog.text
    assert str(message.pk) in caplog.text
    assert "private words" not in caplog.text


def test_many_rows_cost_as_many_queries_as_few(django_assert_num_queries):
    for count in (2, 40):
        keys = [message.pk for message in MessageFactory.create_batch(count, status="failed")]
        # Savepoint and release, lock, known copies, chats without history, copies, notes, wake, events.
        with django_assert_num_queries(10):
            services.send_again(keys, actor=None)


@pytest.mark.django_db(transaction=True)
def test_the_engine_is_woken_when_the_decision_commits():
    update, failed, queued = failed_update(), MessageFactory(status="failed"), MessageFactory(status="queued")
    with psycopg.connect(**_connection_parameters(), autocommit=True) as listener:
        listener.execute(f"LISTEN {wake.UPDATES}")
        listener.execute(f"LISTEN {wake.MESSAGES}")

        def heard(timeout=0.0):
            return [notice.channel for notice in listener.notifies(timeout=timeout, stop_after=1)]

        with transaction.atomic():
            services.retry_updates([update.pk], actor=None)
            assert heard() == []
        assert heard(2) == [wake.UPDATES]
        services.send_again([failed.pk], actor=None)
        assert heard(2) == [wake.MESSAGES]
        services.cancel_messages([queued.pk], actor=None)
        assert heard(2) == [wake.MESSAGES]


def _connection_parameters():
    names = {"dbname", "host", "port", "user", "password"}
    return {name: value for name, value in connection.get_connection_params().items() if name in names}
