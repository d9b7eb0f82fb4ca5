"""A scripted Bot API beside a test that has no event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from telegrambot.engine.tests.scripted_api import ScriptedApi


@contextmanager
def served(api: ScriptedApi, settings: Any) -> Iterator[ScriptedApi]:
    """Serve in a thread until the block ends; the settings lead there."""
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with api.serve(settings):
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        assert is_up.wait(20)
        yield api
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
