"""The sender against a real database and a scripted Bot API: everything leaves once, whatever fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from telegram import Bot

from telegrambot.engine import sender as sender_module
from telegrambot.engine import uploads as uploads_module
from telegrambot.engine.delivery import Unauthorized
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.sender import Sender
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.scripted_api import DROP, ME, OK, Answer, ScriptedApi, refusal
from telegrambot.engine.threads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture(autouse=True)
def _unlimited(settings, monkeypatch):
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 0
    settings.MESSAGES_PER_MINUTE_IN_GROUP = 0
    monkeypatch.setattr(sender_module, "_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(sender_module, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(sender_module, "_PROBE_SECONDS", 0.1)


def queued(**values: Any) -> Any:
    return MessageFactory(status=Message.Status.QUEUED, **values)


def fill(messages: int, chats: int, **columns: Any) -> None:
    first = DialogFactory.create_batch(chats)[0].pk
    Message.objects.bulk_create(
        Message(dialog_id=first + number % chats, direction="outbound", text=str(number), **columns)
        for number in range(messages)
    )


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Message.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


@contextlib.asynccontextmanager
async def sending(
    api: ScriptedApi, settings: Any, *, threads: DatabaseThreads | None = None
) -> AsyncIterator[tuple[Sender, DatabaseThreads, Bot]]:
    """A running sender, stopped at the end."""
    threads = threads or DatabaseThreads(2)
    try:
        async with api.serve(settings) as bot:
            sender = Sender(bot, threads)
            task = asyncio.create_task(sender.run())
            try:
                yield sender, threads, bot
            finally:
                sender.stop()
                await asyncio.wait_for(task, 15)
    finally:
        threads.close()


async def until(threads: DatabaseThreads, condition: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not await threads.run(condition):
        assert time.monotonic() < deadline, f"it never came: {await threads.run(statuses)}"
        await asyncio.sleep(0.02)


def all_are(*names: str) -> Callable[[], bool]:
    return lambda: not Message.objects.exclude(status__in=names).exists()


def test_a_thousand_messages_all_arrive_once_and_in_order_per_chat(api, settings) -> None:
    fill(1000, chats=50)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent"), seconds=60)

    asyncio.run(work())
    by_chat: dict[str, list[int]] = {}
    for call in api.sent:
        by_chat.setdefault(call["chat_id"], []).append(int(call["text"]))
    assert sum(map(len, by_chat.values())) == 1000
    assert all(texts == sorted(texts) for texts in by_chat.values())
    assert len(set(Message.objects.values_list("dialog_id", "external_message_id"))) == 1000


def test_a_poke_is_enough_to_send_at_once(api, settings, monkeypatch) -> None:
    monkeypatch.setattr(sender_module, "_IDLE_SECONDS", 30)

    async def work() -> float:
        async with sending(api, settings) as (sender, threads, _bot):
            await asyncio.sleep(0.2)
            await threads.run(queued)
            began = time.monotonic()
            sender.poke()
            await until(threads, all_are("sent"))
            return time.monotonic() - began

    assert asyncio.run(work()) < 5


def test_stopping_finishes_and_records_what_is_under_way_and_claims_nothing_more(api, settings) -> None:
    settings.SENDER_CONCURRENCY = 5
    fill(50, chats=50)
    api.always["sendMessage"] = Answer(delay=0.3)

    async def work() -> None:
        async with sending(api, settings):
            while len(api.sent) < 5:
                await asyncio.sleep(0.01)

    asyncio.run(work())
    assert len(api.sent) == 5
    assert statuses() == {"sent": 5, "queued": 45}


def test_outcomes_survive_a_database_that_goes_away(api, settings) -> None:
    """Every connection is cut again and again while messages are claimed, sent and recorded."""
    settings.SENDER_CONCURRENCY = 4
    fill(200, chats=50)
    api.always["sendMessage"] = Answer(delay=0.02)
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def cut_all() -> None:
        with connection.cursor() as cursor:
            cursor.execute(cut)

    async def work() -> None:
        knife = DatabaseThreads(1)
        try:
            async with sending(api, settings):
                for _ in range(10):
                    await asyncio.sleep(0.05)
                    await knife.run(cut_all)
                assert len(api.sent) < 200
                await until(knife, all_are("sent"))
        finally:
            knife.close()

    connection.close()
    asyncio.run(work())
    texts = [call["text"] for call in api.sent]
    assert sorted(texts, key=int) == [str(number) for number in range(200)]


def test_claims_whose_commit_was_not_confirmed_are_given_back(api, settings, monkeypatch) -> None:
    fill(3, chats=3)
    real = sender_module.claims.exchange
    lost: list[int] = []

    def exchange(*args: Any) -> Any:
        found = real(*args)
        if found[0] and not lost:
            lost.extend(claim.message_id for claim in found[0])
            raise sender_module.Error("the line broke after the commit")
        return found

    monkeypatch.setattr(sender_module.claims, "exchange", exchange)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent"))

    asyncio.run(work())
    assert len(lost) == 3
    assert len(api.sent) == 3
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.parametrize("lost", ["the claim", "the outcome"])
def test_what_did_not_leave_is_sent_after_an_outage_longer_than_a_lease(
    api, settings, monkeypatch, lost
) -> None:
    monkeypatch.setattr(sender_module, "_HOUSEKEEPING_SECONDS", 0.0)
    api.script("sendMessage", refusal(429, "Too Many Requests: retry after 1", retry_after=1))
    real, outages = sender_module.claims.exchange, [None] * 3

    def exchange(outcomes: list[Outcome], *args: Any) -> Any:
        found = real([], *args) if lost == "the claim" and outages else ([], 0.0)
        if outages and (outcomes or found[0]):
            outages.pop()
            Message.objects.filter(status="sending").update(lease_until=timezone.now() - timedelta(minutes=1))
            raise sender_module.Error("gone")
        return real(outcomes, *args)

    monkeypatch.setattr(sender_module.claims, "exchange", exchange)
    queued()

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent", "uncertain"))

    asyncio.run(work())
    assert outages == []
    assert statuses() == {"sent": 1}


def test_an_outcome_the_database_refuses_does_not_hold_up_the_others(api, settings, caplog) -> None:
    good, bad = queued(), queued()
    # No timestamp is so far ahead: it stands for anything that only the database finds out.
    api.script("sendMessage", refusal(429, "Too Many Requests", retry_after=10**13))
    asyncio.run(_send_two(api, settings, good, bad))
    assert sorted(Message.objects.values_list("status", flat=True)) == ["sending", "sent"]
    assert "was refused by the database" in caplog.text


async def _send_two(api: ScriptedApi, settings: Any, *_: Message) -> None:
    async with sending(api, settings) as (_sender, threads, _bot):
        await until(threads, lambda: Message.objects.filter(status="sent").exists())
        await asyncio.sleep(0.3)


def test_a_refused_token_ends_the_sender_and_costs_no_message(api, settings) -> None:
    fill(5, chats=5)
    api.always["sendMessage"] = refusal(401, "Unauthorized")

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await asyncio.sleep(1)
            await until(threads, all_are("queued"))

    with pytest.raises(Unauthorized):
        asyncio.run(work())
    assert set(Message.objects.values_list("status", "attempts")) == {("queued", 0)}


def test_after_three_unknown_outcomes_nothing_is_claimed_until_telegram_answers(
    api, settings, caplog
) -> None:
    settings.SENDER_CONCURRENCY = 1
    fill(20, chats=20, priority=Priority.BROADCAST)
    api.always["sendMessage"] = DROP
    # The first is the client's own introduction.
    api.script("getMe", OK, *[refusal(502, "Bad Gateway")] * 4)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            while len(api.of("getMe")) < 4:
                await asyncio.sleep(0.01)
            assert len(api.sent) == 3
            api.always["sendMessage"] = OK
            await until(threads, all_are("sent", "uncertain"))

    with caplog.at_level(logging.INFO):
        asyncio.run(work())
    assert statuses() == {"uncertain": 3, "sent": 17}
    assert len(api.of("sendMessage")) == 20
    assert caplog.text.count("Telegram does not answer") == 1
    assert caplog.text.count("Telegram answers again") == 1


def test_an_answer_that_comes_late_ends_the_silence_too(api, settings, caplog) -> None:
    settings.SENDER_CONCURRENCY = 4
    fill(6, chats=6, priority=Priority.BROADCAST)
    api.script("sendMessage", Answer(delay=1.0), DROP, DROP, DROP)
    api.script("getMe", OK, *[refusal(502, "Bad Gateway")] * 100)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent", "uncertain"))

    with caplog.at_level(logging.INFO):
        asyncio.run(work())
    assert statuses() == {"uncertain": 3, "sent": 3}
    assert caplog.text.count("Telegram does not answer") == 1
    assert caplog.text.count("Telegram answers again") == 1


def test_unanswered_edits_count_as_silence_and_an_answer_ends_it(api, settings) -> None:
    settings.SENDER_CONCURRENCY = 1
    target = MessageFactory(external_message_id="5")
    for _ in range(2):
        queued(priority=Priority.BROADCAST)
    queued(dialog=target.dialog, operation="edit", target=target, priority=Priority.BROADCAST)
    api.script("sendMessage", DROP, OK)
    api.script("editMessageText", DROP)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(
                threads, lambda: not Message.objects.filter(status__in=["queued", "sending"]).exists()
            )

    asyncio.run(work())
    assert len(api.of("getMe")) == 1
    assert statuses() == {"uncertain": 1, "sent": 3}


def no_file() -> None:
    item = {"kind": "photo", "file": str(uuid4()), "name": "a.png"}
    queued(priority=Priority.BROADCAST, message_type="photo", payload={"media": item})


def no_call() -> None:
    queued(priority=Priority.BROADCAST, message_type="photo", payload={})


def no_target() -> None:
    queued(priority=Priority.BROADCAST, operation="edit", target=MessageFactory(status="failed"))


def no_key() -> None:
    row = queued(priority=Priority.BROADCAST)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_message SET sealed = 'gAAAAA' WHERE id = %s", [row.pk])


@pytest.mark.parametrize("without_call", [no_file, no_call, no_target, no_key])
def test_what_telegram_was_not_asked_is_no_answer(api, settings, without_call) -> None:
    settings.SENDER_CONCURRENCY = 1
    for _ in range(3):
        queued(priority=Priority.BROADCAST)
        without_call()
    queued(priority=Priority.BROADCAST)
    api.always["sendMessage"] = DROP
    api.script("getMe", OK, *[refusal(502, "Bad Gateway")] * 100)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, lambda: len(api.of("getMe")) > 2 or len(api.sent) > 3)

    asyncio.run(work())
    assert len(api.sent) == 3


def test_copies_that_wait_for_the_upload_do_not_hide_an_outage(api, settings, monkeypatch) -> None:
    monkeypatch.setattr(uploads_module, "_TURN_SECONDS", 0.02)
    settings.SENDER_CONCURRENCY = 2
    row = OutgoingFile.objects.create(name="a.png", content=b"picture")
    item = {"kind": "photo", "file": str(row.pk), "name": row.name}
    fill(40, chats=40, priority=Priority.BROADCAST, message_type="photo", payload={"media": item})
    api.always["sendPhoto"] = Answer(delay=0.2, trouble="drop")
    api.script("getMe", OK, *[refusal(502, "Bad Gateway")] * 100)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, lambda: len(api.of("getMe")) > 2 or len(api.sent) > 4)

    asyncio.run(work())
    assert len(api.sent) <= 4


def test_a_file_that_is_not_kept_any_more_fails_its_message_only(api, settings) -> None:
    gone = OutgoingFile.objects.create(name="x.txt", content=b"x")
    kept = OutgoingFile.objects.create(name="y.txt", content=b"y")
    for stored in (gone, kept):
        queued(
            message_type="document",
            payload={"media": {"kind": "document", "file": str(stored.pk), "name": stored.name}},
        )
    gone.delete()

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent", "failed"))

    asyncio.run(work())
    failed = Message.objects.get(status="failed")
    assert failed.error == "Its file is not kept any more."
    (call,) = [call for call in api.calls if call.method == "sendDocument"]
    assert call.files == {"document": b"y"}


def test_a_database_that_fails_before_the_file_is_loaded_lets_the_message_wait(
    api, settings, monkeypatch
) -> None:
    stored = OutgoingFile.objects.create(name="y.txt", content=b"y")
    queued(
        message_type="document",
        payload={"media": {"kind": "document", "file": str(stored.pk), "name": stored.name}},
    )
    real, failures = Sender._load_file, [sender_module.Error("gone")]

    async def load(self: Sender, key: str) -> bytes:
        if failures:
            raise failures.pop()
        return await real(self, key)

    monkeypatch.setattr(Sender, "_load_file", load)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent"))

    asyncio.run(work())
    assert Message.objects.get().attempts == 1


def test_a_malformed_message_fails_and_is_logged(api, settings, caplog) -> None:
    queued(message_type="photo", payload={})
    fine = queued()

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent", "failed"))

    asyncio.run(work())
    fine.refresh_from_db()
    assert fine.status == "sent"
    assert "cannot be put into a call" in caplog.text


def test_what_a_dead_process_was_sending_is_listed_as_uncertain(api, settings) -> None:
    dead = MessageFactory(status="sending", lease_until=timezone.now(), claim_token=DialogFactory().person.pk)
    follower = queued(dialog=dead.dialog)

    async def work() -> None:
        async with sending(api, settings) as (_, threads, _bot):
            await until(threads, all_are("sent", "uncertain"))

    asyncio.run(work())
    dead.refresh_from_db()
    follower.refresh_from_db()
    assert (dead.status, follower.status) == ("uncertain", "sent")
    assert len(api.sent) == 1


def test_slow_calls_do_not_hold_the_budget_up(api, settings) -> None:
    """A call that takes a second leaves room for thirty others meanwhile."""
    settings.MESSAGES_PER_SECOND = 30
    fill(40, chats=40)
    api.always["sendMessage"] = Answer(delay=1.0)

    async def work() -> int:
        async with sending(api, settings):
            await asyncio.sleep(1.2)
            return len(api.sent)

    assert 20 <= asyncio.run(work()) <= 42


def test_a_database_that_stays_away_does_not_keep_a_stopping_process_for_ever(
    api, settings, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(sender_module, "_LAST_WORDS_SECONDS", 0.3)
    queued()
    api.always["sendMessage"] = Answer(delay=0.2)
    real = sender_module.claims.exchange

    def exchange(outcomes: list[Outcome], *args: Any) -> Any:
        if outcomes:
            raise sender_module.Error("gone")
        return real(outcomes, *args)

    monkeypatch.setattr(sender_module.claims, "exchange", exchange)

    async def work() -> None:
        async with sending(api, settings):
            while not api.sent:
                await asyncio.sleep(0.01)

    asyncio.run(work())
    assert "outcomes were not recorded" in caplog.text
    assert statuses() == {"sending": 1}
    settle([])


def test_the_clients_own_name_is_what_the_script_says(api, settings) -> None:
    async def work() -> str:
        async with api.serve(settings) as bot:
            return bot.username

    assert asyncio.run(work()) == ME["username"]
