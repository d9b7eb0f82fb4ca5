"""Carry out what the outbox holds: claim, send, record; in priority order and within the shared budget."""

from __future__ import annotations

import asyncio
import logging
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from telegrambot.engine import claims
from telegrambot.engine.claims import Claim, Outcome
from telegrambot.engine.delivery import Unauthorized, deliver
from telegrambot.engine.models import OutgoingFile
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

# After so many unknown outcomes in a row nothing is claimed until Telegram answers getMe: its bad spell must not
# turn a broadcast into thousands of uncertain messages.
UNKNOWN_IN_A_ROW = 3
_PROBE_SECONDS = 2.0
_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.05
_RECORD_SECONDS = 0.02
_HOUSEKEEPING_SECONDS = 1.0
_BATCH = 64


class Sender:
    """One process's sender; any number of them share the work and the budget through the database.

    Args:
        bot: an initialised client.
        threads: where database work runs.
    """

    def __init__(self, bot: Bot, threads: DatabaseThreads) -> None:
        self._bot, self._threads = bot, threads
        self._wake = asyncio.Event()
        self._finished = asyncio.Event()
        self._outcomes: list[Outcome] = []
        self._flying: set[asyncio.Task[None]] = set()
        self._unknown = 0
        self._stopping = False
        self._unauthorized: Unauthorized | None = None
        self._expired_at = 0.0

    def poke(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns once what is under way is recorded."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until told to stop.

        Raises:
            Unauthorized: Telegram does not accept the token.
        """
        recorder = asyncio.create_task(self._record())
        try:
            while not self._stopping and self._unauthorized is None:
                await self._round()
        finally:
            if self._flying:
                await asyncio.wait(self._flying)
            self._stopping = True
            self._finished.set()
            await recorder
        if self._unauthorized is not None:
            raise self._unauthorized

    async def _round(self) -> None:
        if self._unknown >= UNKNOWN_IN_A_ROW:
            await self._probe()
            return
        room = settings.SENDER_CONCURRENCY - len(self._flying)
        self._wake.clear()
        pause = _BUSY_SECONDS
        if room > 0:
            try:
                found, pause = await self._claim(min(room, _BATCH))
            except (DatabaseError, InterfaceError) as error:
                logger.warning("The sender waits for the database: %s", type(error).__name__)
                found, pause = [], _IDLE_SECONDS
            for claim in found:
                task = asyncio.create_task(self._deliver(claim))
                self._flying.add(task)
                task.add_done_callback(self._landed)
            if found and not pause:
                return
        # A landed message frees its chat and its place; a poke means new work; the pause is for the budget.
        await self._sleep(pause or (_BUSY_SECONDS if self._flying else _IDLE_SECONDS))

    async def _claim(self, limit: int) -> tuple[list[Claim], float]:
        now = time.monotonic()
        if now - self._expired_at > _HOUSEKEEPING_SECONDS:
            self._expired_at = now
            await self._threads.run(claims.expire)
        return await self._threads.run(claims.claim, limit)

    async def _deliver(self, claim: Claim) -> None:
        try:
            outcome = await deliver(self._bot, claim, self._load_file)
        except Unauthorized as error:
            self._unauthorized = error
            outcome = Outcome(claim.message_id, claim.token, claim.dialog_id, "queued", attempts_back=1)
        except OutgoingFile.DoesNotExist:
            outcome = Outcome(
                claim.message_id, claim.token, claim.dialog_id, "failed", error="Its file is not kept any more."
            )
        except Exception as error:
            # Nobody foresaw this one, so nobody can say whether the message left.
            logger.exception("Sending message %s ended in an unforeseen error", claim.message_id)
            outcome = Outcome(
                claim.message_id, claim.token, claim.dialog_id, "uncertain", error=type(error).__name__
            )
        self._unknown = self._unknown + 1 if outcome.status == "uncertain" else 0
        self._outcomes.append(outcome)
        self._finished.set()

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)

    async def _record(self) -> None:
        """Write outcomes in sets; what the database does not take is kept and offered again."""
        while True:
            await self._finished.wait()
            self._finished.clear()
            if not self._stopping:
                await asyncio.sleep(_RECORD_SECONDS)
            if batch := self._outcomes:
                self._outcomes = []
                try:
                    await self._threads.run(claims.settle, batch)
                except (DatabaseError, InterfaceError) as error:
                    logger.warning("%s outcomes wait for the database: %s", len(batch), type(error).__name__)
                    self._outcomes = batch + self._outcomes
                    self._finished.set()
                    await asyncio.sleep(_IDLE_SECONDS)
                else:
                    self._wake.set()
            if self._stopping and not self._flying and not self._outcomes:
                return

    async def _probe(self) -> None:
        try:
            await self._bot.get_me()
        except InvalidToken as error:
            raise Unauthorized from error
        except TelegramError:
            await self._sleep(_PROBE_SECONDS)
        else:
            self._unknown = 0

    async def _load_file(self, key: str) -> bytes:
        stored = await self._threads.run(OutgoingFile.objects.get, pk=key)
        return bytes(stored.content)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            pass
