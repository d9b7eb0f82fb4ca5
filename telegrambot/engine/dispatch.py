"""Handle stored updates: one transaction holds an update's effects, its replies and the mark of it.

Any number of threads and processes may dispatch; a chat's row lock keeps the updates of one chat in order.
Updates of different chats share a transaction, since a commit costs more than most views. When one of them
fails, all are rolled back and handled again one by one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import DatabaseError, InterfaceError, connection, transaction
from telegram import Bot, Update

from audit.context import SYSTEM, acting
from audit.models import Origin
from telegrambot.engine import failures, outbox, pending, sealing
from telegrambot.engine.handling import PressAnswer, handle
from telegrambot.engine.lookups import Lookups
from telegrambot.engine.pending import AttemptJournal, ChatsWithWork, Pending

logger = logging.getLogger(__name__)

BATCH = 128
# A batch that took longer stops taking on updates: its first answers should not wait for its last view. The
# next one begins no more than this one managed, and then a little more each time.
BATCH_SECONDS = 0.1
MAX_ATTEMPTS = 3

_STATES = """
UPDATE engine_dialog SET state = changed.state
FROM jsonb_to_recordset(%s::jsonb) AS changed(id bigint, state jsonb) WHERE engine_dialog.id = changed.id
"""


@dataclass(slots=True)
class Batch:
    """What one round of dispatch did.

    Attributes:
        handled: how many updates are closed now.
        queued: how many messages wait for the sender because of it.
        presses: button presses to be answered.
        has_found_work: whether there may be more at once.
    """

    handled: int = 0
    queued: int = 0
    presses: list[PressAnswer] = field(default_factory=list)
    has_found_work: bool = False


class Dispatcher:
    """Handles updates, a batch at a time. Not shared between threads at the same moment.

    Args:
        bot: an offline client: it only lends its name to the matching of `/command@name`.
        journal: where tries are counted.
    """

    def __init__(self, bot: Bot, journal: AttemptJournal | None = None) -> None:
        self._bot = bot
        self._journal = journal or AttemptJournal()
        self._chats = ChatsWithWork()
        self._size = BATCH

    @acting(user_id=SYSTEM, origin=Origin.CHAT, correlation_id="")
    def run_once(self) -> Batch:
        """Handle one batch, or one suspect update alone.

        Raises:
            django.db.Error: the database is not there; nothing was done and nothing is lost.
        """
        if not self._chats.look():
            return Batch()
        # Suspects first: one that was interrupted by a crash has waited longest.
        if self._chats.suspects and (batch := self._run_alone(self._chats.suspects[0])):
            return batch
        return self._run_together(self._chats.take(self._size))

    def close(self) -> None:
        """Give up the journal's connection of this thread."""
        self._journal.close()

    def _run_together(self, dialog_ids: Sequence[int]) -> Batch:
        if not dialog_ids:  # all that is left are suspects, while somebody else handles one
            return Batch()
        fresh: list[Pending] = []
        try:
            with transaction.atomic():
                taken = pending.lock_and_take(dialog_ids)
                fresh = [update for update in taken if not update.is_suspect]
                is_news = self._chats.suspect(update.dialog_id for update in taken if update.is_suspect)
                batch = self._handle(fresh) if fresh else Batch()
        except Exception as error:
            # Whose fault it was shows when each is handled alone; none of them has failed yet.
            self._forgive(fresh)
            is_news = self._chats.suspect(dialog_ids)
            if failures.is_the_databases_own(error):
                raise
            logger.warning("A batch failed (%s); its updates are handled one by one", type(error).__name__)
            batch = Batch()
        # Chats that others hold are no reason to look again at once.
        batch.has_found_work = bool(fresh or self._chats.fresh) or is_news
        return batch

    def _run_alone(self, dialog_id: int) -> Batch | None:
        """Handle one suspect, or nothing (None) while somebody else handles another."""
        taken: list[Pending] = []
        try:
            with transaction.atomic():
                if not pending.is_the_only_suspect():
                    return None
                self._chats.suspects.popleft()
                if not (taken := pending.lock_and_take([dialog_id])):
                    return Batch(has_found_work=self._chats.are_remembered)
                with acting(correlation_id=f"update:{taken[0].key}"):
                    batch = self._try(taken[0])
        except Exception:
            self._forgive(taken)
            raise
        batch.has_found_work = True
        return batch

    def _try(self, update: Pending) -> Batch:
        """Handle one update; what went wrong with it is recorded while its chat is still locked."""
        if update.attempts >= MAX_ATTEMPTS:
            failures.give_up(update, "The process ended each time while handling it.", kind="killed")
            return Batch(queued=1)
        try:
            with transaction.atomic():
                if update.unreadable:
                    sealing.unseal(update.unreadable)  # raises
                batch = self._handle([update])
                connection.check_constraints()  # those that PostgreSQL would check at the commit only
                return batch
        except Exception as error:
            if failures.is_the_databases_own(error):
                raise
            failures.record(update, error, attempts=update.attempts + 1, most=MAX_ATTEMPTS)
            return Batch(queued=1)

    def _forgive(self, updates: Sequence[Pending]) -> None:
        try:
            self._journal.uncount([update.key for update in updates])
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The tries of %s updates stay counted: %s", len(updates), type(error).__name__)

    def _handle(self, updates: Sequence[Pending]) -> Batch:
        self._journal.count([update.key for update in updates])
        batch, closed, states = Batch(), [], {}
        drafts: list[outbox.Draft] = []
        unhandled = pending.mark([update.processed_key for update in updates])
        lookups = Lookups(updates)
        began = time.monotonic()
        for place, update in enumerate(updates):
            if place and time.monotonic() - began > BATCH_SECONDS:
                self._put_back(updates[place:])
                pending.unmark(list(unhandled))
                self._size = place
                break
            closed.append(update.key)
            if update.processed_key not in unhandled:
                continue
            unhandled.remove(update.processed_key)
            try:
                parsed = Update.de_json(update.payload, self._bot)
            except Exception as error:  # noqa: BLE001  (python-telegram-bot met what it cannot read)
                closed.pop()
                pending.unmark([update.processed_key])
                failures.give_up(update, f"It cannot be read: {type(error).__name__}", kind="unreadable")
                continue
            handled = handle(
                update,
                parsed,
                lookups.dialog(update),
                lookups.person(update),
                lookups.screen(update),
                lookups.quoted(update),
            )
            drafts += handled.drafts
            if handled.press:
                batch.presses.append(handled.press)
            if handled.state is not None:
                is_kept = lookups.dialog(update).keep_history
                states[update.dialog_id] = handled.state if is_kept else sealing.sealed_state(handled.state)
        else:
            self._size = min(BATCH, self._size + self._size // 8 + 1)
        batch.queued = len(outbox.queue(drafts))
        _remember(states)
        pending.close(closed)
        batch.handled = len(closed)
        return batch

    def _put_back(self, unbegun: Sequence[Pending]) -> None:
        pending.uncount([update.key for update in unbegun])
        self._chats.fresh.extend(update.dialog_id for update in unbegun)


def _remember(states: dict[int, dict[str, Any]]) -> None:
    if states:
        rows = [{"id": dialog_id, "state": state} for dialog_id, state in states.items()]
        with connection.cursor() as cursor:
            cursor.execute(_STATES, [orjson.dumps(rows).decode()])
