"""Carry out what the outbox holds: claim, send, record; in priority order and within the shared budget."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DataError, Error, IntegrityError
from telegram.error import InvalidToken, TelegramError

from telegrambot.engine import claims, failures, sealing, settlement
from telegrambot.engine.claims import Claim
from telegrambot.engine.client import Client
from telegrambot.engine.delivery import Unauthorized, Unsendable, deliver
from telegrambot.engine.models import OutgoingFile
from telegrambot.engine.settlement import Outcome
from telegrambot.engine.threads import DatabaseThreads
from telegrambot.engine.uploads import Uploads
from telegrambot.vault.exceptions import UnreadableSecret

logger = logging.getLogger(__name__)

# After so many calls in a row without an answer of Telegram's nothing is claimed until it answers getMe: its
# bad spell must not turn a broadcast into thousands of uncertain messages.
UNANSWERED_IN_A_ROW = 3
_PROBE_SECONDS = 2.0
_IDLE_SECONDS = 1.0
# Outcomes and free places gather for so long: an exchange costs much the same for one message as for thirty.
_GATHER_SECONDS = 0.01
_RETRY_SECONDS = 1.0
_HOUSEKEEPING_SECONDS = 1.0
# A stopping process does not wait longer for a database that is gone; leases tell what is left.
_LAST_WORDS_SECONDS = 10.0
# What cannot be decrypted is looked at again after so long.
_KEY_SECONDS = 60.0


class Sender:
    """One process's sender; any number of them share the work and the budget through the database.

    Args:
        bot: an initialised client.
        threads: where database work runs.
    """

    def __init__(self, bot: Client, threads: DatabaseThreads) -> None:
        self._bot, self._threads = bot, threads
        self._uploads = Uploads(self._load_file)
        self._wake = asyncio.Event()
        self._outcomes: list[Outcome] = []
        self._flying: set[asyncio.Task[None]] = set()
        # Tokens of claims whose commit nobody confirmed: whether they were made is not known.
        self._doubtful: list[UUID] = []
        self._unanswered = 0
        self._is_stopping = False
        self._unauthorized: Unauthorized | None = None
        self._exchanged_at = self._expired_at = self._probe_at = 0.0
        self._is_database_down = self._is_silent = False

    def poke(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns once what is under way is recorded."""
        self._is_stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until told to stop.

        Raises:
            Unauthorized: Telegram does not accept the token.
        """
        try:
            while not self._is_stopping and self._unauthorized is None:
                await self._round()
        finally:
            await self._finish()
        if self._unauthorized is not None:
            raise self._unauthorized

    async def _round(self) -> None:
        await self._gather()
        self._wake.clear()
        room = settings.SENDER_CONCURRENCY - len(self._flying)
        if self._unanswered >= UNANSWERED_IN_A_ROW:
            await self._probe()
            room = 0 if self._unanswered else room
        if (found := await self._exchange(room)) is None:
            await self._sleep(_RETRY_SECONDS)
            return
        messages, pause = found
        for claim in messages:
            task = asyncio.create_task(self._deliver(claim))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        # What lands frees its place and its chat, and wakes this; the pause is for the budget.
        await self._sleep(pause or _IDLE_SECONDS)

    async def _gather(self) -> None:
        wait = self._exchanged_at + _GATHER_SECONDS - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)

    async def _exchange(self, room: int) -> tuple[list[Claim], float] | None:
        """Hand outcomes in and take claims out; None when the database fails, which leaves all as it was."""
        self._exchanged_at = time.monotonic()
        batch, self._outcomes = self._outcomes, []
        token = uuid4()
        try:
            if self._doubtful:
                await self._threads.run(claims.release, self._doubtful)
                self._doubtful = []
            found = await self._threads.run(claims.exchange, batch, room, token)
            # After what is known has been told: the database may have been away for longer than a lease.
            if self._exchanged_at - self._expired_at > _HOUSEKEEPING_SECONDS:
                self._expired_at = self._exchanged_at
                await self._expire()
        except (DataError, IntegrityError):
            self._doubtful.append(token)
            await self._settle_singly(batch)
            return [], 0.0
        except Error as error:
            self._outcomes = batch + self._outcomes
            self._doubtful.append(token)
            if not self._is_database_down:
                logger.warning("The sender waits for the database: %s", type(error).__name__)
            self._is_database_down = True
            return None
        self._is_database_down = False
        return found

    async def _expire(self) -> None:
        """Take note of leases that ended; what was just claimed is under way whether or not this succeeds."""
        try:
            await self._threads.run(settlement.expire)
        except Error as error:
            logger.warning("Ended leases are looked at again later: %s", type(error).__name__)

    async def _settle_singly(self, batch: list[Outcome]) -> None:
        """Keep one outcome that the database refuses from holding up all others."""
        try:
            refused = await self._threads.run(settlement.settle_one_by_one, batch)
        except Error:
            self._outcomes = batch + self._outcomes
            return
        for outcome in refused:
            logger.error("The outcome of message %s was refused by the database", outcome.message_id)

    async def _deliver(self, claim: Claim) -> None:
        try:
            if not claim.is_readable:
                raise UnreadableSecret(field=sealing.NAME)
            outcome = await deliver(self._bot, claim, self._uploads)
        except Unauthorized as error:
            self._unauthorized = error
            outcome = _outcome(claim, "queued", attempts_back=1)
        except Error as error:
            outcome = _outcome(
                claim, "queued", attempts_back=1, delay=_RETRY_SECONDS, error=type(error).__name__
            )
        except UnreadableSecret as error:
            # An operator can still bring the key back.
            outcome = _outcome(claim, "queued", attempts_back=1, delay=_KEY_SECONDS, error=str(error))
        except OutgoingFile.DoesNotExist:
            outcome = _outcome(claim, "failed", error="Its file is not kept any more.")
        except Unsendable as error:
            logger.error(
                "Message %s cannot be put into a call: %s",
                claim.message_id,
                failures.describe(error.__cause__ or error),
            )
            outcome = _outcome(claim, "failed", error="It cannot be put into a call of the Bot API.")
        except Exception as error:  # noqa: BLE001  (told below)
            # Nobody foresaw this one, so nobody can say whether the message left.
            logger.error(
                "Sending message %s ended in an unforeseen error\n%s",
                claim.message_id,
                failures.describe(error),
            )
            outcome = _outcome(claim, "uncertain", error=type(error).__name__, answered=False)
        if outcome.answered is not None:
            self._hear(has_answered=outcome.answered)
        self._outcomes.append(outcome)
        self._wake.set()

    def _hear(self, *, has_answered: bool) -> None:
        """Note whether Telegram answered a call: also one that came late ends the silence."""
        self._unanswered = 0 if has_answered else self._unanswered + 1
        if has_answered and self._is_silent:
            logger.info("Telegram answers again.")
            self._is_silent, self._probe_at = False, 0.0

    async def _finish(self) -> None:
        """Wait for what is under way and record it."""
        deadline = 0.0
        while self._flying or self._outcomes or self._doubtful:
            if self._flying:
                await asyncio.wait(self._flying, timeout=_IDLE_SECONDS)
            else:
                deadline = deadline or time.monotonic() + _LAST_WORDS_SECONDS
            if await self._exchange(0) is None:
                if deadline and time.monotonic() > deadline:
                    logger.error("%s outcomes were not recorded: the database is gone", len(self._outcomes))
                    return
                await asyncio.sleep(_RETRY_SECONDS)

    async def _probe(self) -> None:
        """Ask Telegram whether it answers again, at most every few seconds."""
        if time.monotonic() < self._probe_at:
            return
        if not self._is_silent:
            logger.warning("Telegram does not answer: nothing is sent until it does.")
        self._is_silent = True
        try:
            await self._bot.get_me()
        except InvalidToken as error:
            self._unauthorized = Unauthorized(*error.args)
        except TelegramError:
            self._probe_at = time.monotonic() + _PROBE_SECONDS
        else:
            self._hear(has_answered=True)

    async def _load_file(self, key: str) -> bytes:
        stored = await self._threads.run(OutgoingFile.objects.get, pk=key)
        content = bytes(stored.content)
        return sealing.unseal_file(content) if stored.is_sealed else content

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            pass


def _outcome(claim: Claim, status: str, *, answered: bool | None = None, **more: Any) -> Outcome:
    return Outcome(claim.message_id, claim.token, claim.dialog_id, status, answered=answered, **more)
