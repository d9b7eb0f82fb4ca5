"""Small pieces of work that every bot process does again and again: keeping a broadcast going, for one.

A round takes its rows with `SKIP LOCKED`, so any number of processes may run it, and the next one goes on
where a killed one stopped. What is slow or belongs to one thing alone is a background job instead.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError

from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

# Work returns whether there is more to do at once.
Work = Callable[[], bool]


@dataclass(slots=True)
class Round:
    """Work, and how often it is looked after, in seconds."""

    work: Work
    seconds: float
    due_at: float = 0.0


_registered: dict[str, tuple[Work, float]] = {}


def every(*, seconds: float) -> Callable[[Work], Work]:
    """Register work for each bot process.

    Args:
        seconds: the pause after a round that found nothing more to do.
    """

    def register(work: Work) -> Work:
        _registered[f"{work.__module__}.{work.__qualname__}"] = (work, seconds)
        return work

    return register


async def run(stop: asyncio.Event) -> None:
    """Do rounds until told to stop. The database may go and come back; what a round raises is logged."""
    rounds = [Round(work, seconds) for work, seconds in _registered.values()]
    threads = DatabaseThreads(1)
    try:
        while rounds and not stop.is_set():
            for found in rounds:
                if found.due_at <= time.monotonic() and not stop.is_set():
                    has_more = await _run(threads, found.work)
                    found.due_at = time.monotonic() + (0 if has_more else found.seconds)
            pause = min(found.due_at for found in rounds) - time.monotonic()
            try:
                await asyncio.wait_for(stop.wait(), max(pause, 0))
            except TimeoutError:
                continue
    finally:
        threads.close()


async def _run(threads: DatabaseThreads, work: Work) -> bool:
    try:
        return await threads.run(work)
    except (DatabaseError, InterfaceError) as error:
        logger.debug("A round waits for the database: %s", type(error).__name__)
    except Exception:
        # One round that fails must not keep the others from theirs.
        logger.exception("A round failed and is tried again")
    return False
