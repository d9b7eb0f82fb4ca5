"""What a bot process does before it serves, and how it ends: in sentences, with exit codes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from typing import Any

import pytest
import uvloop
from django.core.management import CommandError, call_command
from django.db import connection

from telegrambot.engine import health, polling, runner
from telegrambot.engine.models import BotIdentity, Heartbeat, Message
from telegrambot.engine.polling import PollingLock
from telegrambot.engine.tests.factories import BOT_ID, MessageFactory
from telegrambot.engine.tests.scripted_api import HANG, TOKEN, Answer, ScriptedApi, refusal
from telegrambot.engine.threads import DatabaseThreads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Please use 'Bot.getUpdates'"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(runner, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(polling, "_WAITS", (0.05,))


@pytest.fixture
def api(settings) -> Any:
    """The scripted server in a thread of its own: the command owns the main thread and its signals."""
    script = ScriptedApi()
    script.always["getUpdates"] = HANG
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with script.serve(settings):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    script.calls.clear()
    yield script
    done.set()
    thread.join(10)


def once(condition: Any, then: Any) -> threading.Thread:
    """Do something in another thread as soon as a condition holds."""

    def watch() -> None:
        deadline = time.monotonic() + 15
        try:
            while not condition() and time.monotonic() < deadline:
                time.sleep(0.02)
            then()
        finally:
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def polling_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s",
            [polling.POLLING_LOCK],
        )
        return int(cursor.fetchone()[0])


def alive(service: str) -> bool:
    return Heartbeat.objects.filter(service=service).exists()


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("status", [401, 404])
def test_a_wrong_token_is_one_sentence(api, status) -> None:
    api.always["getMe"] = refusal(status, "Unauthorized")
    with pytest.raises(CommandError, match="does not accept the bot's token") as caught:
        call_command("runbot", "--no-worker")
    assert caught.value.returncode == 1
    assert TOKEN not in str(caught.value)
    assert api.of("getUpdates") == []


def test_a_webhook_is_named_and_the_way_out_told(api) -> None:
    url = "https://example.org/hook"
    api.always["getWebhookInfo"] = Answer(
        result={"url": url, "has_custom_certificate": False, "pending_update_count": 0}
    )
    with pytest.raises(CommandError, match=f"updates to {url}.*deletewebhook"):
        call_command("runbot", "--no-worker")
    assert api.of("getUpdates") == []


def test_the_database_of_another_bot_is_refused(api) -> None:
    BotIdentity.objects.create(bot_id=BOT_ID + 1, username="other_bot", is_sandbox=False)
    with pytest.raises(CommandError, match="belongs to the bot @other_bot, not to @scripted_bot"):
        call_command("runbot", "--no-worker")
    assert api.of("getUpdates") == []


def test_a_second_poller_is_refused_and_told_who_polls(api) -> None:
    async def work() -> None:
        threads = DatabaseThreads(1)
        lock = PollingLock(BOT_ID, threads, "the first poller")
        await lock.acquire()
        try:
            with pytest.raises(CommandError, match="by the first poller since"):
                await asyncio.to_thread(_run_without_signals)
        finally:
            await lock.release()
            threads.close()

    asyncio.run(work())
    assert api.of("getUpdates") == []


def _run_without_signals() -> None:
    """`runbot` in a thread, where no signal handler can be set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvloop.Loop, "add_signal_handler", lambda *_: None)
        try:
            call_command("runbot", "--no-worker")
        finally:
            connection.close()


def test_it_sends_what_is_queued_and_stops_on_sigterm(api, settings) -> None:
    message = MessageFactory(status=Message.Status.QUEUED)
    watch = once(lambda: Message.objects.filter(status="sent").exists() and api.of("getUpdates"), terminate)
    call_command("runbot", "--no-worker")
    watch.join()
    message.refresh_from_db()
    assert message.status == "sent"
    assert BotIdentity.objects.get().username == "scripted_bot"
    assert set(Heartbeat.objects.values_list("service", flat=True)) == {"bot", "poller"}
    deadline = time.monotonic() + 5
    while polling_locks():
        assert time.monotonic() < deadline, "the lock is still held"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("url", "expected"), [("https://example.org/hook", {"bot"}), ("", {"bot", "poller"})]
)
def test_where_a_webhook_brings_the_updates_no_poller_is_missed(api, url, expected) -> None:
    api.always["getWebhookInfo"] = Answer(
        result={"url": url, "has_custom_certificate": False, "pending_update_count": 0}
    )
    health.beat("poller", "the process before")  # it went on for a moment after `setwebhook`
    MessageFactory(status=Message.Status.QUEUED)
    watch = once(lambda: Message.objects.filter(status="sent").exists() and alive("bot"), terminate)
    call_command("runbot", "--no-worker", "--no-polling")
    watch.join()
    assert api.of("getUpdates") == []
    assert {name for name in ("bot", "poller") if alive(name)} == expected


def test_an_unreachable_telegram_is_logged_once_and_waited_for(api, settings, caplog) -> None:
    api.script("getMe", *[refusal(502, "Bad Gateway")] * 4)
    api.script("getWebhookInfo", *[refusal(502, "Bad Gateway")] * 2)
    watch = once(lambda: api.of("getUpdates"), terminate)
    with caplog.at_level(logging.INFO):
        call_command("runbot", "--no-worker")
    watch.join()
    assert len(api.of("getMe")) == 5
    assert len(api.of("getWebhookInfo")) == 3
    assert caplog.text.count("Telegram cannot be reached") == 2  # once for each of the two steps


def test_sigterm_ends_a_process_that_still_waits_for_telegram(settings) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{sock.getsockname()[1]}"
        settings.TELEGRAM_BOT_TOKEN = TOKEN
        started = time.monotonic()
        watch = once(lambda: time.monotonic() > started + 0.5, terminate)
        call_command("runbot", "--no-worker")
        watch.join()


def test_a_token_revoked_while_running_ends_the_process_with_the_sentence(api) -> None:
    api.always["getUpdates"] = refusal(401, "Unauthorized")
    with pytest.raises(CommandError, match="does not accept the bot's token"):
        call_command("runbot", "--no-worker")
