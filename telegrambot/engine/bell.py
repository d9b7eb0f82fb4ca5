"""Hear from other processes that there is work (PostgreSQL's LISTEN/NOTIFY)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import psycopg
from django.db import DatabaseError

from telegrambot.engine import direct_connection
from telegrambot.engine.threads import DatabaseThreads

logger = logging.getLogger(__name__)

_RECONNECT_SECONDS = 1.0


async def listen(rings: Mapping[str, Callable[[], None]], threads: DatabaseThreads, name: str) -> None:
    """Call what belongs to a channel whenever it is notified, for ever.

    After a lost connection everything is called once: what was notified meanwhile nobody heard.

    Args:
        rings: what to call, by channel.
        threads: where blocking database work runs.
        name: how PostgreSQL lists this connection.
    """
    while True:
        try:
            known = await threads.run(direct_connection.parameters, name)
            async with await direct_connection.connect(known) as connection:
                for channel in rings:
                    await connection.execute(f'LISTEN "{channel}"')
                for ring in rings.values():
                    ring()
                async for notice in connection.notifies():
                    rings[notice.channel]()
        except (psycopg.Error, DatabaseError) as error:
            logger.debug("Not listening for a moment: %s", type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)
