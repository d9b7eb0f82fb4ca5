"""Fetch updates by long polling. Telegram is told that we have them only after the database has them."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError
from psycopg import AsyncConnection
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.warnings import PTBUserWarning

from config.redaction import redact
from telegrambot.engine import direct_connection, intake
from telegrambot.engine.delivery import Unauthorized
from telegrambot.engine.exceptions import AlreadyPolling
from telegrambot.engine.models import InboundUpdate
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

# We do want the raw dictionaries: parsing in the poller would let one odd update hold up all others.
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)

# Telegram holds a poll for at most 50 seconds.
POLL_SECONDS = 30
POLL_LIMIT = 100
# First half of the advisory lock that makes the poller of a bot the only one.
POLLING_LOCK = 0x5B0B
_WAITS = (1, 2, 5, 10, 30)

_HOLDER = """
SELECT activity.application_name, activity.backend_start
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE held.locktype = 'advisory' AND held.classid = %s AND held.objid = hashint8(%s)::oid AND held.granted
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class PollingLock:
    """The right to poll a bot, held by one database session at a time; gone when its process dies."""

    def __init__(self, bot_id: int, threads: DatabaseThreads, name: str) -> None:
        self._bot_id, self._threads, self._name = bot_id, threads, name
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
        taken = await connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashint8(%s))", [POLLING_LOCK, self._bot_id]
        )
        if not (await taken.fetchone())[0]:  # type: ignore[index]
            found = await connection.execute(_HOLDER, [POLLING_LOCK, self._bot_id])
            holder = await found.fetchone()
            await connection.close()
            raise AlreadyPolling(holder=holder[0] if holder else "?", since=f"{holder[1]:%H:%M:%S}" if holder else "?")
        self._connection = connection

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

    def __init__(self, bot: Bot, lock: PollingLock, threads: DatabaseThreads, stored: Callable[[], None]) -> None:
        self._bot, self._lock, self._threads, self._stored = bot, lock, threads, stored
        self._source = InboundUpdate.Source.POLLING
        self._offset = 0
        self._failures = 0
        self.problem = ""

    async def run(self) -> None:
        """Poll for ever; cancel it to stop: what was not confirmed comes again.

        Raises:
            Unauthorized: the token is wrong or revoked.
            AlreadyPolling: another process took over while this one had lost the database.
        """
        while True:
            try:
                await self._lock.acquire()
                updates = await self._fetch()
                if updates:
                    await self._threads.run(intake.store, updates, bot_id=self._bot.id, source=self._source)
                    self._offset = updates[-1]["update_id"] + 1
                    self._stored()
            except InvalidToken as error:
                raise Unauthorized from error
            except Conflict:
                await self._wait("Another program polls this bot; Telegram lets only one of them have the updates.")
            except RetryAfter as error:
                await self._wait(redact(error.message))
            except TelegramError as error:
                await self._wait(f"Telegram cannot be reached: {redact(error.message)}")
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                await self._wait(f"The database does not take updates: {type(error).__name__}")
            else:
                self._say("")
                self._failures = 0

    async def _fetch(self) -> list[dict[str, Any]]:
        return await self._bot.do_api_request(  # type: ignore[no-any-return]
            "getUpdates",
            api_kwargs={
                "offset": self._offset,
                "limit": POLL_LIMIT,
                "timeout": POLL_SECONDS,
                "allowed_updates": list(intake.ALLOWED_UPDATES),
            },
            read_timeout=POLL_SECONDS + 10,
        )

    async def _wait(self, problem: str) -> None:
        self._say(problem)
        self._failures += 1
        await asyncio.sleep(_WAITS[min(self._failures, len(_WAITS)) - 1])

    def _say(self, problem: str) -> None:
        """Log once per change, not once per try."""
        if problem != self.problem:
            self.problem = problem
            logger.warning(problem) if problem else logger.info("Updates arrive again.")
