"""Background work: counted once, cleaned up in batches, picked up when left behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from telegrambot.accounts.models import BotCommand
from telegrambot.engine import retention, tasks, worker
from telegrambot.engine.models import InboundUpdate, OutgoingFile, RollupCursor
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory
from telegrambot.engine.tests.incoming import said, store, together

pytestmark = pytest.mark.django_db


def used(command: str) -> int:
    return BotCommand.objects.get(command=command).times_used


def test_every_use_of_a_command_is_counted_once():
    store(said("/start"), said("/help me"), said("/help", 502), said("help"), said("/nothing"))
    tasks.count_commands(timestamp=1)
    tasks.count_commands(timestamp=2)

    assert (used("start"), used("help"), used("menu")) == (1, 2, 0)
    row = BotCommand.objects.get(command="help")
    assert row.last_used_at == InboundUpdate.objects.filter(command="help").latest("received_at").received_at

    store(said("/help"), said("\x00"))
    tasks.count_commands(timestamp=3)
    assert used("help") == 3
    assert RollupCursor.objects.get().position == InboundUpdate.objects.latest("pk").pk


@pytest.mark.django_db(transaction=True)
def test_counting_twice_at_once_counts_once():
    store(*(said("/help", 600 + number) for number in range(20)))
    together(*[lambda: tasks.count_commands(timestamp=1)] * 4)
    assert used("help") == 20


@pytest.mark.django_db(transaction=True)
def test_no_use_is_missed_while_updates_arrive():
    def arrive(person: int) -> None:
        for number in range(25):
            store(said("/help" if number % 5 else "/help\x00", person), said("/start", person))

    def count() -> None:
        for number in range(40):
            tasks.count_commands(timestamp=number)

    together(lambda: arrive(501), lambda: arrive(502), count)
    tasks.count_commands(timestamp=0)

    assert (used("help"), used("start")) == (40, 50)


def test_a_failed_count_counts_nothing_and_is_repeated(monkeypatch):
    store(said("/help"))
    RollupCursor.objects.create(name="commands")
    monkeypatch.setattr(RollupCursor, "save", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.count_commands(timestamp=1)
    monkeypatch.undo()
    tasks.count_commands(timestamp=1)
    assert used("help") == 1


def test_old_payloads_are_dropped_in_batches_and_the_rest_stays(monkeypatch, settings):
    monkeypatch.setattr(retention, "BATCH", 3)
    settings.PAYLOAD_RETENTION_DAYS = 30
    dialog = DialogFactory()
    old = timezone.now() - timedelta(days=31)
    for number in range(8):
        InboundUpdateFactory(dialog=dialog, received_at=old + timedelta(seconds=number // 2))
    failed = InboundUpdateFactory(dialog=dialog, received_at=old, status="failed", error="why")
    waiting = InboundUpdateFactory(dialog=dialog, received_at=old, status="pending")
    recent = InboundUpdateFactory(dialog=dialog, received_at=timezone.now() - timedelta(days=29))

    tasks.purge(timestamp=1)
    tasks.purge(timestamp=2)

    assert set(InboundUpdate.objects.filter(payload__isnull=False)) == {waiting, recent}
    failed.refresh_from_db()
    assert (failed.status, failed.error) == ("failed", "why")
    assert InboundUpdate.objects.count() == 11


def test_files_are_forgotten_after_a_week():
    kept = OutgoingFile.objects.create(name="new", content=b"x")
    OutgoingFile.objects.create(name="old", content=b"x", created_at=timezone.now() - timedelta(days=8))
    tasks.purge(timestamp=1)
    assert list(OutgoingFile.objects.all()) == [kept]


@pytest.fixture
def jobs():
    """Procrastinate's tables, emptied afterwards: Django's flush does not know them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.mark.django_db(transaction=True)
def test_jobs_of_a_dead_worker_start_again(jobs):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '5 minutes'), (now()) RETURNING id"
        )
        (dead,), (alive,) = cursor.fetchall()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, queueing_lock)"
            " VALUES ('q', 'asked for again', 'doing', %s, 'k'), ('q', 'waiting', 'todo', NULL, 'k'),"
            " ('q', 'left', 'doing', %s, NULL), ('q', 'running', 'doing', %s, NULL)",
            [dead, dead, alive],
        )

    async def pick_up() -> None:
        worker_app = worker.app_for_worker()
        async with worker_app.open_async():
            await tasks.retry_stalled_jobs(SimpleNamespace(app=worker_app), timestamp=1)

    asyncio.run(pick_up())

    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status::text FROM procrastinate_jobs")
        assert dict(cursor.fetchall()) == {"waiting": "todo", "left": "todo", "running": "doing"}
