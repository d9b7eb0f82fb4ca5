"""Fetch updates by long polling. Telegram is told that we have them only after the database has them."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import Error
from django.utils.translation import gettext_noop
from psycopg import AsyncConnection
from telegram import Bot
from telegram.error import Conflict, EndPointNotFound, RetryAfter, TelegramError
from telegram.warnings import PTBUserWarning

from config.redaction import redact
from telegrambot.engine import direct_connection, intake
from telegrambot.engine.arrivals import Unreadable
from telegrambot.engine.delivery import Unauthorized
from telegrambot.engine.exceptions import AlreadyPolling
from telegrambot.engine.models import InboundUpdate
from telegrambot.engine.threads import DatabaseThreads
from telegrambot.engine.transport_errors import seconds_to_wait

logger = logging.getLogger(__name__)

# We do want the raw dictionaries: parsing in the poller would let one odd update hold up all others.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)

# Telegram holds a poll for at most 50 seconds.
POLL_SECONDS = 30
POLL_LIMIT = 100
# First half of the advisory lock that makes the poller of a bot the only one.
POLLING_LOCK = 0x5B0B
_WAITS = (1, 2, 5, 10, 30)
_TRIES, _TRY_AGAIN_SECONDS = 10, 0.2
_LONGEST_NAME = 63

# Translated where they are shown (see `health.Service`); details follow after a colon.
_WEBHOOK_IS_SET = gettext_noop("Telegram posts the updates to a webhook; manage.py deletewebhook removes it.")
_ANOTHER_POLLS = gettext_noop(
    "Another program polls this bot; Telegram lets only one of them have the updates."
)
_TOO_OFTEN = gettext_noop("Telegram asks to poll less often.")
_NO_TELEGRAM = gettext_noop("Telegram cannot be reached")
_NO_DATABASE = gettext_noop("The database does not take updates")

_HOLDER = """
SELECT activity.application_name, activity.backend_start
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.locktype = 'advisory' AND held.classid = %s AND held.objid = hashint8(%s)::oid AND held.granted
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class PollingLock:
    """The right to poll a bot, held by one database session at a time; gone when its process dies."""

    def __init__(self, bot_id: int, threads: DatabaseThreads, name: str) -> None:
        self._bot_id, self._threads = bot_id, threads
        # PostgreSQL cuts longer names.
        self._name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
        self._connection: AsyncConnection[Any] | None = None

    async def acquire(self) -> None:
        """Take the lock, or make sure that it is still held.

        Raises:
            AlreadyPolling: another process holds it.
            psycopg.Error: the database is not there.
        """
        if self._connection is not None:
            try:
                await self._connection.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                await self.release()
        known = await self._threads.run(direct_connection.parameters, self._name)
        connection = await direct_connection.connect(known)
        try:
            await self._take(connection)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def _take(self, connection: AsyncConnection[Any]) -> None:
        key = [POLLING_LOCK, self._bot_id]
        for _ in range(_TRIES):
            taken = await connection.execute("SELECT pg_try_advisory_lock(%s, hashint8(%s))", key)
            if (await taken.fetchone())[0]:  # type: ignore[index]
                return
            found = await connection.execute(_HOLDER, key)
            holder = await found.fetchone()
            if holder and holder[0] != self._name:
                raise AlreadyPolling(holder=holder[0], since=f"{holder[1]:%H:%M:%S}")
            # Nobody any more, or this process's own lost session, which the server has not yet noticed.
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
        raise psycopg.OperationalError("The lock of a lost session is not free yet.")

    async def release(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class Poller:
    """Long polling of one bot.

    Args:
        bot: an initialised client.
        lock: the right to poll it.
        threads: where database work runs.
        stored: called after a batch is in the database.
    """

    def __init__(
        self, bot: Bot, lock: PollingLock, threads: DatabaseThreads, stored: Callable[[], None]
    ) -> None:
        self._bot, self._lock, self._threads, self._stored = bot, lock, threads, stored
        self._source = InboundUpdate.Source.POLLING
        self._offset = 0
        self._failures = 0
        # What is wrong right now, in a sentence; empty when updates arrive.
        self.problem = ""

    async def run(self) -> None:
        """Poll for ever; cancel it to stop: what was not confirmed comes again.

        Raises:
            Unauthorized: the token is wrong or revoked.
            AlreadyPolling: another process took over while this one had lost the database.
        """
        while True:
            try:
                await self._poll()
            except EndPointNotFound as error:
                # Telegram knows the method, so this is its way to say that it does not know the token.
                raise Unauthorized from error
            except Conflict as error:
                # The webhook was set while this was polling. Only the words tell one conflict from the other.
                await self._wait(_WEBHOOK_IS_SET if "webhook" in error.message else _ANOTHER_POLLS)
            except RetryAfter as error:
                await self._wait(_TOO_OFTEN, at_least=seconds_to_wait(error))
            except TelegramError as error:
                await self._wait(f"{_NO_TELEGRAM}: {redact(error.message)}")
            except (Error, psycopg.Error) as error:
                await self._wait(f"{_NO_DATABASE}: {type(error).__name__}")
            else:
                self._say("")
                self._failures = 0

    async def _poll(self) -> None:
        await self._lock.acquire()
        updates = await self._fetch()
        if not updates:
            return
        try:
            await self._threads.run(intake.store, updates, bot_id=self._bot.id, source=self._source)
        except Unreadable as error:
            raise TelegramError("The answer holds something that is no update.") from error
        self._offset = updates[-1]["update_id"] + 1
        self._stored()

    async def _fetch(self) -> list[dict[str, Any]]:
        answer = await self._bot.do_api_request(
            "getUpdates",
            api_kwargs={
                "offset": self._offset,
                "limit": POLL_LIMIT,
                "timeout": POLL_SECONDS,
                "allowed_updates": list(intake.ALLOWED_UPDATES),
            },
            read_timeout=POLL_SECONDS + 10,
        )
        if not isinstance(answer, list):
            raise TelegramError("The answer is no list of updates.")
        return answer

    async def _wait(self, problem: str, *, at_least: float = 0.0) -> None:
        self._say(problem)
        self._failures += 1
        await asyncio.sleep(max(at_least, _WAITS[min(self._failures, len(_WAITS)) - 1]))

    def _say(self, problem: str) -> None:
        """Log once per change, not once per try."""
        if problem != self.problem:
            self.problem = problem
            logger.warning(problem) if problem else logger.info("Updates arrive again.")
