"""The poller: Telegram learns that we have an update only after the database has it; one poller per bot."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from telegrambot.engine import intake, polling
from telegrambot.engine.delivery import Unauthorized
from telegrambot.engine.exceptions import AlreadyPolling
from telegrambot.engine.models import InboundUpdate
from telegrambot.engine.polling import Poller, PollingLock
from telegrambot.engine.tests.factories import BOT_ID
from telegrambot.engine.tests.scripted_api import DROP, HANG, Answer, ScriptedApi, refusal
from telegrambot.engine.threads import DatabaseThreads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The module switches it off for the process, pytest switches it on again.
    pytest.mark.filterwarnings("ignore:Please use 'Bot.getUpdates'"),
]


def update(number: int) -> dict[str, Any]:
    person = {"id": 5, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 5, "type": "private", "first_name": "Ann"}
    message = {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": person, "text": "hi"}
    return {"update_id": number, "message": message}


def batch(*numbers: int) -> Answer:
    return Answer(result=[update(number) for number in numbers])


@pytest.fixture
def api(monkeypatch) -> ScriptedApi:
    monkeypatch.setattr(polling, "_WAITS", (0.05,))
    monkeypatch.setattr(polling, "_TRY_AGAIN_SECONDS", 0.02)
    script = ScriptedApi()
    script.always["getUpdates"] = HANG
    return script


@contextlib.asynccontextmanager
async def running(
    api: ScriptedApi, settings: Any, stored: Callable[[], None] = lambda: None
) -> AsyncIterator[Any]:
    threads = DatabaseThreads(2)
    try:
        async with api.serve(settings) as bot:
            lock = PollingLock(BOT_ID, threads, "the poller under test")
            poller = Poller(bot, lock, threads, stored)
            task = asyncio.create_task(poller.run())
            try:
                yield poller, task, threads
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await lock.release()
    finally:
        threads.close()


async def until(condition: Callable[[], Any], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.01)


def offsets(api: ScriptedApi) -> list[int]:
    return [int(call["offset"]) for call in api.of("getUpdates")]


def test_the_offset_moves_past_what_was_stored(api, settings) -> None:
    api.script("getUpdates", batch(7, 8), batch(9))
    rings: list[int] = []

    async def work() -> None:
        async with running(api, settings, lambda: rings.append(1)):
            await until(lambda: len(offsets(api)) == 3)

    asyncio.run(work())
    assert offsets(api) == [0, 9, 10]
    assert list(InboundUpdate.objects.order_by("pk").values_list("update_id", flat=True)) == [7, 8, 9]
    assert rings == [1, 1]
    call = api.of("getUpdates")[0]
    assert call["timeout"] == str(polling.POLL_SECONDS)
    assert set(call["allowed_updates"]) == set(intake.ALLOWED_UPDATES)


def test_a_store_that_fails_gets_the_same_batch_again(api, settings, monkeypatch, caplog) -> None:
    api.script("getUpdates", batch(7), batch(7), batch(7))
    real, failures = intake.store, [OperationalError("disk full"), OperationalError("disk full")]

    def store(*args: Any, **kwargs: Any) -> int:
        if failures:
            raise failures.pop()
        return real(*args, **kwargs)

    monkeypatch.setattr(intake, "store", store)

    async def work() -> None:
        async with running(api, settings) as (poller, _task, _threads):
            await until(lambda: len(offsets(api)) == 4)
            assert poller.problem == ""

    with caplog.at_level(logging.INFO):
        asyncio.run(work())
    assert offsets(api) == [0, 0, 0, 8]
    assert InboundUpdate.objects.count() == 1
    assert caplog.text.count("does not take updates") == 1
    assert caplog.text.count("Updates arrive again") == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (refusal(409, "Conflict: terminated by other getUpdates request"), "Another program polls this bot"),
        (
            refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"),
            "Telegram posts the updates to a webhook",
        ),
        (refusal(429, "Too Many Requests", retry_after=0), "Telegram"),
        (refusal(502, "Bad Gateway"), "Telegram cannot be reached"),
        (Answer(body=b"{"), "Telegram cannot be reached"),
        (Answer(body=b'{"ok": true, "result": {"a": 1}}'), "Telegram cannot be reached"),
        (Answer(result=[{"no": "number"}]), "Telegram cannot be reached"),
        (DROP, "Telegram cannot be reached"),
    ],
    ids=["409", "409 for a webhook", "429", "5xx", "garbage", "no list", "no update", "lost"],
)
def test_trouble_is_logged_once_and_waited_out(api, settings, caplog, trouble, said) -> None:
    api.script("getUpdates", trouble, trouble, trouble, batch(7))

    async def work() -> None:
        async with running(api, settings) as (poller, _task, _threads):
            await until(lambda: len(offsets(api)) == 4 or poller.problem)
            await until(lambda: len(offsets(api)) == 5)

    with caplog.at_level(logging.INFO, logger="telegrambot.engine.polling"):
        asyncio.run(work())
    assert offsets(api) == [0, 0, 0, 0, 8]
    own = [record.getMessage() for record in caplog.records if record.name == "telegrambot.engine.polling"]
    assert len(own) == 2
    assert own[0].startswith(said)
    assert own[1] == "Updates arrive again."


def test_429_is_waited_for_as_long_as_telegram_said(api, settings) -> None:
    api.script("getUpdates", refusal(429, "Too Many Requests", retry_after=1))

    async def work() -> float:
        async with running(api, settings):
            await until(lambda: len(offsets(api)) == 1)
            began = time.monotonic()
            await until(lambda: len(offsets(api)) == 2)
            return time.monotonic() - began

    assert asyncio.run(work()) >= 0.9


def test_a_hanging_server_is_given_up(api, settings, monkeypatch) -> None:
    monkeypatch.setattr(polling, "POLL_SECONDS", -9.8)

    async def work() -> None:
        async with running(api, settings) as (poller, _task, _threads):
            await until(lambda: len(offsets(api)) >= 2)
            assert "Telegram cannot be reached" in poller.problem

    asyncio.run(work())


@pytest.mark.parametrize("status", [401, 404])
def test_a_refused_token_ends_polling(api, settings, status) -> None:
    api.script("getUpdates", refusal(status, "Unauthorized"))

    async def work() -> None:
        async with running(api, settings) as (_poller, task, _threads):
            with pytest.raises(Unauthorized):
                await asyncio.wait_for(task, 10)

    asyncio.run(work())


# The lock


def holders() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted",
            [polling.POLLING_LOCK],
        )
        return int(cursor.fetchone()[0])


def cut(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
            [name],
        )
        return int(cursor.fetchone()[0])


def test_a_second_poller_of_the_bot_is_refused_with_the_holders_name() -> None:
    async def work() -> None:
        threads = DatabaseThreads(1)
        first = PollingLock(BOT_ID, threads, "switchboard runbot on host-a process 7")
        second = PollingLock(BOT_ID, threads, "switchboard runbot on host-b process 8")
        other_bot = PollingLock(BOT_ID + 1, threads, "switchboard runbot on host-b process 9")
        await first.acquire()
        await first.acquire()
        await other_bot.acquire()
        with pytest.raises(AlreadyPolling, match=r"host-a process 7 since [0-9:]+"):
            await second.acquire()
        await first.release()
        await second.acquire()
        await second.release()
        await other_bot.release()
        threads.close()

    asyncio.run(work())
    assert holders() == 0


def test_a_long_name_is_cut_as_postgresql_does() -> None:
    name = "switchboard runbot on " + "h" * 60 + " process 7"

    async def work() -> None:
        threads = DatabaseThreads(1)
        lock = PollingLock(BOT_ID, threads, name)
        await lock.acquire()
        assert await threads.run(cut, name[:63]) == 1
        await lock.acquire()
        assert await threads.run(holders) == 1
        await lock.release()
        threads.close()

    asyncio.run(work())


def test_a_lost_lock_is_taken_again_and_polling_goes_on(api, settings) -> None:
    api.always["getUpdates"] = Answer(result=[], delay=0.05)

    async def work() -> None:
        async with running(api, settings) as (poller, _task, threads):
            await until(lambda: offsets(api))
            assert await threads.run(cut, "the poller under test") == 1
            seen = len(offsets(api))
            await until(lambda: len(offsets(api)) > seen + 3)
            assert poller.problem == ""
            assert await threads.run(holders) == 1

    asyncio.run(work())


def test_polling_ends_when_another_process_took_over(api, settings) -> None:
    api.always["getUpdates"] = Answer(result=[], delay=0.3)

    async def work() -> None:
        async with running(api, settings) as (_poller, task, threads):
            await until(lambda: offsets(api))
            assert await threads.run(cut, "the poller under test") == 1
            usurper = PollingLock(BOT_ID, threads, "usurper")
            await asyncio.sleep(0.05)
            await usurper.acquire()
            with pytest.raises(AlreadyPolling, match="usurper"):
                await asyncio.wait_for(task, 10)
            await usurper.release()

    asyncio.run(work())


def test_a_lost_session_that_the_server_has_not_noticed_is_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(polling, "_TRY_AGAIN_SECONDS", 0.01)

    async def work() -> None:
        threads = DatabaseThreads(1)
        lost = PollingLock(BOT_ID, threads, "the same process")
        again = PollingLock(BOT_ID, threads, "the same process")
        await lost.acquire()
        with pytest.raises(psycopg.OperationalError):
            await again.acquire()
        await lost.release()
        await again.acquire()
        await again.release()
        threads.close()

    asyncio.run(work())
