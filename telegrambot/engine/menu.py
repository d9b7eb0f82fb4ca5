"""Keep Telegram's command menus equal to the catalogue: a few calls at a time, only for what differs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from config.redaction import redact
from telegrambot.accounts.catalogue import Catalogue
from telegrambot.engine import command_menus
from telegrambot.engine.command_menus import Fingerprint, Menu
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

CALLS_PER_PASS = 20
# A change shows when its transaction commits, a while after the moment it carries.
_COMMIT_LAG = timedelta(seconds=15)


@dataclass(slots=True)
class _Scan:
    """A walk through all chats (or those of people changed lately), a few at each pass."""

    target: Fingerprint
    catalogue: Catalogue
    changed_since: datetime | None
    after: int = 0


class MenuKeeper:
    """Compares what Telegram shows with what it should show.

    Args:
        bot: an initialised client.
        threads: where database work runs.
    """

    def __init__(self, bot: Bot, threads: DatabaseThreads) -> None:
        self._bot, self._threads = bot, threads
        self._settled: Fingerprint | None = None
        self._scan: _Scan | None = None
        self._resume_at = 0.0
        self._problem = ""

    async def sync(self) -> int:
        """Make one pass; call it every few seconds. When nothing changed it costs one cheap query.

        Returns:
            How many menus Telegram took; at most `CALLS_PER_PASS`.

        Raises:
            django.db.Error: the database failed; the next pass goes on where this one was.
        """
        if monotonic() < self._resume_at:
            return 0
        scan = await self._threads.run(self._current_scan)
        if scan is None:
            return 0
        menus, after = await self._threads.run(
            command_menus.stale_menus,
            scan.catalogue,
            after=scan.after,
            changed_since=scan.changed_since,
            limit=CALLS_PER_PASS,
        )
        for done, menu in enumerate(menus):
            if not await self._show(menu):
                return done
        if after is None:
            self._settled, self._scan = scan.target, None
        else:
            scan.after = after
        return len(menus)

    def _current_scan(self) -> _Scan | None:
        """The scan under way, or a new one when something changed since the last."""
        seen = command_menus.fingerprint()
        if self._scan is not None and self._scan.target.catalogue == seen.catalogue:
            return self._scan
        if self._scan is None and seen == self._settled:
            return None
        since = None
        settled = self._settled if self._scan is None else None
        if settled and settled.people and settled.catalogue == seen.catalogue:
            since = settled.people - _COMMIT_LAG
        self._scan = _Scan(seen, Catalogue(), since)
        return self._scan

    async def _show(self, menu: Menu) -> bool:
        """Let Telegram show a menu; False when that has to be tried again later."""
        try:
            if menu.commands:
                await self._bot.set_my_commands(
                    menu.commands, scope=menu.telegram_scope, language_code=menu.language or None
                )
            else:
                await self._bot.delete_my_commands(
                    scope=menu.telegram_scope, language_code=menu.language or None
                )
        except RetryAfter as error:
            wait = error.retry_after
            self._resume_at = monotonic() + (
                wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            )
            return False
        except (BadRequest, Forbidden) as error:
            # It would be refused for ever; a changed menu is offered anew.
            logger.warning("Telegram refuses the command menu of %s: %s", menu.scope, redact(error.message))
        except TelegramError as error:
            if (problem := redact(error.message)) != self._problem:
                logger.warning("The command menu waits for Telegram: %s", problem)
                self._problem = problem
            return False
        self._problem = ""
        await self._threads.run(command_menus.settle, menu)
        return True
