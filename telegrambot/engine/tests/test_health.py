"""How the installation is doing, in cheap queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.engine import services
from telegrambot.engine.health import Service, beat, health, statistics
from telegrambot.engine.models import Heartbeat, Message
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory, MessageFactory

pytestmark = pytest.mark.django_db


def test_queues_and_what_waits_for_a_person_are_counted():
    old = timezone.now() - timedelta(hours=1)
    oldest = InboundUpdateFactory(status="pending", received_at=old)
    InboundUpdateFactory(status="pending")
    InboundUpdateFactory(status="failed", received_at=old)
    InboundUpdateFactory(status="done")
    MessageFactory(status="queued")
    MessageFactory(status="queued", not_before=None)  # held back
    for status in ("failed", "failed", "uncertain", "sent"):
        MessageFactory(status=status)
    # Sent again, and the copy arrived: nothing waits here.
    services.send_again([MessageFactory(status="uncertain").pk], actor=None)
    Message.objects.filter(dedupe_key__startswith="again:").update(status="sent")

    found = health()

    assert (found.updates_waiting, found.oldest_update, found.updates_failed) == (2, old, 1)
    assert (found.messages_waiting, found.messages_failed, found.messages_uncertain) == (1, 2, 1)
    assert found.oldest_message is not None
    assert found.database.startswith("PostgreSQL ")
    besides = health(besides=oldest.pk)
    assert (besides.updates_waiting, besides.oldest_update == old) == (1, False)


def test_what_is_to_leave_later_does_not_wait():
    """A notice of the night is due in the morning, and has waited since then, not since it was queued."""
    now = timezone.now()
    notice, answer = MessageFactory.create_batch(2, status="queued")
    Message.objects.update(created_at=now - timedelta(hours=8))
    Message.objects.filter(pk=notice.pk).update(not_before=now + timedelta(hours=2))
    Message.objects.filter(pk=answer.pk).update(not_before=now - timedelta(minutes=5))
    assert (health().messages_waiting, health().oldest_message) == (1, now - timedelta(minutes=5))

    Message.objects.filter(pk=answer.pk).update(not_before=now + timedelta(minutes=1))  # tried again then
    assert health().messages_waiting == 1


def test_failed_jobs_are_counted():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('q', 'a', 'failed'), ('q', 'b', 'todo')"
        )
    assert ProcrastinateJob.objects.count() == 2
    assert health().jobs_failed == 1


def test_a_quiet_installation_has_nothing_to_tell():
    found = health()
    assert (found.updates_waiting, found.oldest_update, found.messages_waiting) == (0, None, 0)
    assert found.services == ()


def test_a_sign_of_life_replaces_the_one_before():
    beat("poller", "a", "it rains")
    beat("poller", "b")
    beat("bot", "b")
    assert [(one.name, one.holder, one.problem, one.is_alive) for one in health().services] == [
        ("bot", "b", "", True),
        ("poller", "b", "", True),
    ]
    assert Heartbeat.objects.count() == 2
    assert not Service("poller", "b", timezone.now() - timedelta(seconds=61), "").is_alive


@pytest.mark.parametrize("details", ["", ": a: b"])
def test_a_problem_is_told_in_the_readers_language_with_its_details(details):
    ill = Service("poller", "b", timezone.now(), f"receiving{details}")
    with translation.override("ru"):
        assert ill.problem_in_words == f"получение{details}"
        assert not Service("poller", "b", timezone.now(), "").problem_in_words


def test_statistics_of_nothing_are_zero():
    assert set(vars_of(statistics())) == {0}


def test_what_was_said_counts_once_however_often_it_is_changed():
    for direction, status in (("inbound", "delivered"), ("outbound", "sent")):
        said = MessageFactory(direction=direction, status=status)
        for operation in ("edit", "edit", "delete"):
            MessageFactory(direction=direction, status=status, operation=operation, target=said)

    assert (statistics().received_today, statistics().sent_today) == (1, 1)


def vars_of(found) -> list[int]:
    return [getattr(found, name) for name in found.__slots__]


def test_a_long_history_is_not_read_for_the_queues():
    """The partial indexes are enough, however many updates and messages are settled."""
    dialog = DialogFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_inboundupdate (bot_id, update_id, source, dialog_id, kind, status)"
            " SELECT 7, n, 'polling', %s, 'message', 'done' FROM generate_series(1, 20000) AS n",
            [dialog.pk],
        )
        cursor.execute(
            "INSERT INTO engine_message (dialog_id, direction, status)"
            " SELECT %s, 'outbound', 'sent' FROM generate_series(1, 20000)",
            [dialog.pk],
        )
        cursor.execute("ANALYZE engine_inboundupdate, engine_message")
    with CaptureQueriesContext(connection) as queries:
        health()
    assert len(queries) <= 5
    for query in queries:
        if "engine_" in query["sql"] and "heartbeat" not in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (COSTS OFF) {query['sql']}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
