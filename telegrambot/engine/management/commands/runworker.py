"""`manage.py runworker`: background work on its own, on as many machines as needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from telegrambot.engine import worker


class Command(BaseCommand):
    help = "Runs background jobs; start as many as needed, each for the queues it should serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default="", help="comma-separated names (default: all)")
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at once (default 2)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["concurrency"] < 1:
            raise CommandError("--concurrency must be at least 1.")
        queues = [name.strip() for name in options["queues"].split(",") if name.strip()]
        asyncio.run(_work(queues, options["concurrency"]))


async def _work(queues: list[str], concurrency: int) -> None:
    name = f"{socket.gethostname()} process {os.getpid()}"
    if queues:
        await worker.run(queues=queues, concurrency=concurrency, name=name, handle_signals=True)
        return
    work = asyncio.ensure_future(worker.run_all(name=name, concurrency=concurrency))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
