"""Signs of life of background work: from whoever does it, for as long as it is done."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from telegrambot.engine import worker
from telegrambot.engine.health import health

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_other_work(monkeypatch):
    # Periodic jobs would leave connections in threads of their own.
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def signs():
    try:
        return [(sign.name, sign.holder, sign.problem) for sign in health().services]
    finally:
        connection.close()  # it is this thread's own


def signs_while_working(queue, *, tries):
    async def work():
        working = asyncio.create_task(
            worker.run(queues=[queue], concurrency=1, name="a machine", handle_signals=False)
        )
        for _ in range(tries):
            await asyncio.sleep(0.05)
            if found := await asyncio.to_thread(signs):
                break
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return found

    return asyncio.run(work())


def test_a_worker_of_its_own_gives_signs_of_life():
    assert signs_while_working("system", tries=100) == [("worker", "a machine", "")]


def test_a_worker_of_a_queue_apart_does_not_speak_for_all_others(monkeypatch):
    monkeypatch.setattr(worker, "_apart", {"slow": lambda: 1})
    assert signs_while_working("slow", tries=10) == []
