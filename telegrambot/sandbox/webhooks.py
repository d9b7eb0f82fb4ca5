"""Delivery to the bot's webhook: https://core.telegram.org/bots/api#setwebhook

One thread per process, alive only while there is something to deliver; a database lock keeps several
processes from delivering at once. An update is offered again, with growing pauses, until it is accepted.
"""

from __future__ import annotations

import http.client
import json
import logging
import threading
from ipaddress import ip_address
from time import perf_counter
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.utils import timezone

from telegrambot.sandbox import call_log
from telegrambot.sandbox.models import SandboxBot, SandboxFault, SandboxUpdate

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
TIMEOUT_SECONDS = 20.0
PAUSES_SECONDS = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
_DATABASE_LOCK = 7_302_018_447


def is_loopback_address(url: str) -> bool:
    """Whether `url` is plain http to this very machine: the sandbox delivers nowhere else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  raises for a port that is no number
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


class _Courier:
    """Wakes up the delivering thread without ever missing a call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._called = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        with self._lock:
            self._called.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-webhook", daemon=True)
                self._thread.start()

    def rest(self, seconds: float) -> None:
        """Pause, but go on at once when something new was announced."""
        self._called.wait(seconds)

    def join(self, seconds: float) -> None:
        """Wait until nothing is left to deliver, at most `seconds`."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._called.is_set():
                    self._thread = None
                    return
                self._called.clear()
            try:
                self._drain()
            except Exception:
                # The next update wakes a new attempt; nothing is lost, the queue is in the database.
                logger.exception("Delivering updates to the webhook failed")
            finally:
                connection.close()

    def _drain(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_DATABASE_LOCK])
        failures = 0
        while True:
            bot = SandboxBot.objects.current()
            update = SandboxUpdate.objects.first()
            # Who ends Telegram's being down wakes the delivery.
            if not bot.webhook_url or update is None or SandboxFault.is_telegram_down():
                return
            started = perf_counter()
            problem = _deliver(bot, update)
            call_log.tell_updates(
                [{"update_id": update.update_id, **update.payload}],
                status=0 if problem else 200,
                duration_ms=(perf_counter() - started) * 1000,
            )
            if not problem:
                failures = 0
                update.delete()
                continue
            _remember(bot, problem)
            self._called.clear()
            self.rest(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])
            failures += 1


_courier = _Courier()
wake = _courier.wake
join = _courier.join


def _deliver(bot: SandboxBot, update: SandboxUpdate) -> str:
    """Offer one update. Returns what went wrong, or nothing."""
    parts = urlsplit(bot.webhook_url)
    body = json.dumps({"update_id": update.update_id, **update.payload}).encode()
    headers = {"Content-Type": "application/json"}
    if bot.webhook_secret:
        headers[SECRET_HEADER] = bot.webhook_secret
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    client = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        client.request("POST", target, body, headers)
        answer = client.getresponse()
        if 200 <= answer.status < 300:
            return ""
        return f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except (OSError, http.client.HTTPException) as error:
        return f"Connection failed: {type(error).__name__}"
    finally:
        client.close()


def _remember(bot: SandboxBot, problem: str) -> None:
    with transaction.atomic():
        SandboxBot.objects.filter(pk=bot.pk, webhook_url=bot.webhook_url).update(
            webhook_error=problem[:255], webhook_error_at=timezone.now()
        )
