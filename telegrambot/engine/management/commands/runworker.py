"""`manage.py runworker`: background work on its own, on as many machines as needed."""

from __future__ import annotations

import asyncio
import os
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
        asyncio.run(
            worker.run(
                queues=queues or None,
                concurrency=options["concurrency"],
                name=f"{socket.gethostname()} process {os.getpid()}",
                handle_signals=True,
            )
        )
