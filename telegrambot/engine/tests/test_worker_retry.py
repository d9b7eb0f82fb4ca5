"""A job to be tried again whose work somebody has asked for meanwhile, with a worker of flesh and blood."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from telegrambot.engine import worker
from telegrambot.engine.models import JobFailure

PURGE = "telegrambot.engine.tasks.purge"


@pytest.fixture
def ask():
    """Queue a job behind its lock; Procrastinate's tables are emptied afterwards, Django's flush cannot."""

    def _ask():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
                " VALUES ('apart', %s, 'purge', 'purge', '{\"timestamp\": 0}')",
                [PURGE],
            )

    yield _ask
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def jobs():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, status::text FROM procrastinate_jobs")
            return cursor.fetchall()
    finally:
        connection.close()  # it is this thread's own


@pytest.mark.django_db(transaction=True)
def test_a_failed_job_makes_way_for_the_one_that_waits_to_do_the_same(monkeypatch, ask):
    # Periodic jobs would leave connections in threads of their own.
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    runs = []

    def fail_once(timestamp):
        runs.append(timestamp)
        try:
            if len(runs) == 1:
                ask()
                raise ConnectionError("in a moment it may work")
        finally:
            connection.close()  # it is this thread's own

    monkeypatch.setattr(app.tasks[PURGE], "func", fail_once)
    ask()

    async def work():
        working = asyncio.create_task(
            worker.run(queues=["apart"], concurrency=1, name="test", handle_signals=False)
        )
        for _ in range(60):
            await asyncio.sleep(0.1)
            if not (left := await asyncio.to_thread(jobs)):
                break
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return left

    assert asyncio.run(work()) == []
    assert len(runs) == 2
    assert not JobFailure.objects.exists()
