"""The bell rings in every process when a transaction commits, and after each lost connection."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from telegrambot.engine import bell, wake
from telegrambot.engine.threads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "listener under test"


async def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.01)


def listening(scenario: Callable[[Counter[str], DatabaseThreads], Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(bell, "_RECONNECT_SECONDS", 0.05)

    async def work() -> None:
        heard: Counter[str] = Counter()
        threads = DatabaseThreads(1)
        rings = {
            wake.UPDATES: lambda: heard.update(["updates"]),
            wake.MESSAGES: lambda: heard.update(["messages"]),
        }
        task = asyncio.create_task(bell.listen(rings, threads, NAME))
        try:
            await until(lambda: len(heard) == 2)  # once at the start: what came before nobody heard
            await scenario(heard, threads)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            threads.close()

    asyncio.run(work())


def test_a_commit_rings_its_own_bell_only(monkeypatch) -> None:
    async def scenario(heard: Counter[str], threads: DatabaseThreads) -> None:
        await threads.run(wake.messages)
        await until(lambda: heard["messages"] == 2)
        await threads.run(wake.updates)
        await until(lambda: heard["updates"] == 2)
        assert heard["messages"] == 2

    listening(scenario, monkeypatch)


def test_what_is_rolled_back_does_not_ring_and_a_transaction_rings_once(monkeypatch) -> None:
    def rolled_back() -> None:
        with transaction.atomic():
            wake.updates()
            transaction.set_rollback(True)

    def twice() -> None:
        with transaction.atomic():
            wake.messages()
            wake.messages()

    async def scenario(heard: Counter[str], threads: DatabaseThreads) -> None:
        await threads.run(rolled_back)
        await threads.run(twice)
        await until(lambda: heard["messages"] > 1)
        await asyncio.sleep(0.1)
        assert heard == {"messages": 2, "updates": 1}

    listening(scenario, monkeypatch)


def test_a_cut_connection_is_replaced_and_everything_rings(monkeypatch) -> None:
    def cut() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
                [NAME],
            )
            return int(cursor.fetchone()[0])

    async def scenario(heard: Counter[str], threads: DatabaseThreads) -> None:
        assert await threads.run(cut) == 1
        await until(lambda: heard == {"messages": 2, "updates": 2})
        await threads.run(wake.updates)
        await until(lambda: heard["updates"] == 3)

    listening(scenario, monkeypatch)
