"""Small pieces of work that every bot process does again and again: keeping a broadcast going, for one.

A round takes its rows with `SKIP LOCKED`, so any number of processes may run it, and the next one goes on
where a killed one stopped. What is slow or belongs to one thing alone is a background job instead.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, transaction
from django.utils.html import escape
from django.utils.translation import gettext as _

from telegrambot.engine import failures
from telegrambot.engine.threads import DatabaseThreads

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Work returns whether there is more to do at once.
Work = Callable[[], bool]

# What failed is not tried again at full speed.
_AFTER_FAILURE_SECONDS = 5.0


@dataclass(slots=True)
class Round:
    """Work, and how often it is looked after, in seconds."""

    name: str
    work: Work
    seconds: float
    due_at: float = 0.0


_registered: dict[str, Round] = {}


def every(*, seconds: float) -> Callable[[Work], Work]:
    """Register work for each bot process.

    Args:
        seconds: the pause after a round that found nothing more to do.
    """

    def register(work: Work) -> Work:
        name = f"{work.__module__}.{work.__qualname__}"
        _registered[name] = Round(name, work, seconds)
        return work

    return register


def for_each(things: Iterable[T], work: Callable[[T], bool]) -> bool:
    """Do a round for several things; one that fails does not keep the others from theirs.

    Returns:
        Whether there is more to do at once for any of them.

    Raises:
        Exception: what the first one failed with, once all had their turn.
    """
    has_more, failure = False, None
    for thing in things:
        try:
            has_more |= work(thing)
        except Exception as error:  # noqa: BLE001 - raised below
            failure = failure or error
    if failure is not None:
        raise failure
    return has_more


async def run(stop: asyncio.Event) -> None:
    """Do rounds until told to stop. The database may go and come back; owners learn of other failures."""
    rounds = [Round(found.name, found.work, found.seconds) for found in _registered.values()]
    threads = DatabaseThreads(1)
    try:
        while rounds and not stop.is_set():
            for found in rounds:
                if found.due_at <= time.monotonic() and not stop.is_set():
                    pause = await threads.run(_attempt, found)
                    found.due_at = time.monotonic() + pause
            pause = min(found.due_at for found in rounds) - time.monotonic()
            try:
                await asyncio.wait_for(stop.wait(), max(pause, 0))
            except TimeoutError:
                continue
    finally:
        threads.close()


def _attempt(found: Round) -> float:
    """Do one round; the seconds until the next."""
    try:
        return 0 if found.work() else found.seconds
    except Exception as error:  # noqa: BLE001 - whatever it is, the other rounds go on
        if failures.is_the_databases_own(error):
            logger.debug("A round waits for the database: %s", type(error).__name__)
            return found.seconds
        logger.error("The round %s failed\n%s", found.name, failures.describe(error))
        _tell_owners(found.name, type(error).__name__)
    return max(found.seconds, _AFTER_FAILURE_SECONDS)


def _tell_owners(name: str, error: str) -> None:
    def sentence() -> str:
        text = _("Work that never rests failed and is tried again (%(name)s, %(error)s). The log says more.")
        return text % {"name": escape(name), "error": escape(error)}

    try:
        with transaction.atomic():
            failures.notify_owners(f"round {name} {error}", sentence)
    except (DatabaseError, InterfaceError) as trouble:
        logger.warning("The owners could not be told: %s", type(trouble).__name__)
