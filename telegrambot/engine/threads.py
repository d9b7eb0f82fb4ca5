"""Run synchronous database work from asyncio, on a bounded number of threads with a connection each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Barrier
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads:
    """A small pool of threads; each keeps its own persistent connection and replaces it when it broke.

    Args:
        size: how many units of work may run at once, and so how many connections are used.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="database")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a thread and return what it returns; whose doing it is goes with it."""
        unit = partial(self._unit, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, unit)

    @staticmethod
    def _unit(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # Without this a thread whose connection died would say "connection is closed" for ever.
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    def close(self) -> None:
        """Wait for running work and close every thread's connection."""
        together = Barrier(self._size)  # one unit per thread: none may take two

        def leave() -> None:
            together.wait()
            connections.close_all()

        for _ in range(self._size):
            self._executor.submit(leave)
        self._executor.shutdown()
