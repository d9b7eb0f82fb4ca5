"""Database work on threads: bounded, each with a connection that is replaced when it broke."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.db import OperationalError, connection

from telegrambot.engine.threads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def backends(pids: set[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [list(pids)])
        return int(cursor.fetchone()[0])


def test_no_more_threads_than_asked_for_and_each_keeps_its_connection() -> None:
    def work() -> tuple[str, int]:
        time.sleep(0.02)
        return threading.current_thread().name, backend()

    async def scenario() -> set[tuple[str, int]]:
        threads = DatabaseThreads(3)
        found = await asyncio.gather(*(threads.run(work) for _ in range(12)))
        threads.close()
        return set(found)

    found = asyncio.run(scenario())
    assert len({name for name, _ in found}) == len(found) == 3
    deadline = time.monotonic() + 5
    while backends({pid for _, pid in found}):
        assert time.monotonic() < deadline, "connections stayed open"
        time.sleep(0.02)


def test_what_work_returns_or_raises_comes_back() -> None:
    def fail(reason: str) -> None:
        raise LookupError(reason)

    async def scenario() -> int:
        threads = DatabaseThreads(1)
        try:
            with pytest.raises(LookupError, match="nothing"):
                await threads.run(fail, "nothing")
            return await threads.run(max, 3, 4)
        finally:
            threads.close()

    assert asyncio.run(scenario()) == 4


def test_a_cut_connection_costs_no_unit_that_starts_later() -> None:
    async def scenario() -> tuple[int, int]:
        threads, knife = DatabaseThreads(1), DatabaseThreads(1)
        try:
            first = await threads.run(backend)

            def cut() -> None:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [first])

            await knife.run(cut)
            await asyncio.sleep(0.05)
            return first, await threads.run(backend)
        finally:
            threads.close()
            knife.close()

    first, second = asyncio.run(scenario())
    assert first != second


def test_a_connection_cut_in_the_middle_costs_that_unit_only() -> None:
    def cut_own() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async def scenario() -> int:
        threads = DatabaseThreads(1)
        try:
            with pytest.raises(OperationalError):
                await threads.run(cut_own)
            return await threads.run(backend)
        finally:
            threads.close()

    assert asyncio.run(scenario()) > 0


def test_closing_waits_for_running_work() -> None:
    done: list[int] = []

    def slow() -> None:
        time.sleep(0.1)
        done.append(1)

    async def scenario() -> None:
        threads = DatabaseThreads(2)
        task = asyncio.create_task(threads.run(slow))
        await asyncio.sleep(0.02)
        threads.close()
        await task

    asyncio.run(scenario())
    assert done == [1]
