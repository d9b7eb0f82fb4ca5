"""Signs of life, given again and again for as long as a service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from django.db import DatabaseError, InterfaceError

from telegrambot.engine import health
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

_SECONDS = 10.0


async def give(threads: DatabaseThreads, holder: str, signs: Callable[[], Mapping[str, str]]) -> None:
    """Give signs of life until cancelled; the database may go and come back.

    Args:
        threads: where database work runs.
        holder: who runs the services (host and process).
        signs: each service, and what is wrong with it right now; see `health.beat`.
    """
    while True:
        try:
            for service, problem in signs().items():
                await threads.run(health.beat, service, holder, problem)
        except (DatabaseError, InterfaceError) as error:
            logger.debug("No sign of life in the database: %s", type(error).__name__)
        await asyncio.sleep(_SECONDS)
