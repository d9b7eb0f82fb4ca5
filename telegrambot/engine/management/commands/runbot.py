"""`manage.py runbot`: serve the Telegram chat."""

from __future__ import annotations

from typing import Any

import uvloop
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.errors import DomainError
from telegrambot.engine.runner import Runner


class Command(BaseCommand):
    help = "Serves the Telegram chat: polls, answers, sends, works in the background."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-polling", action="store_true", help="updates come by webhook")
        parser.add_argument("--no-worker", action="store_true", help="background jobs run in `runworker`")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            uvloop.run(_run(polls=not options["no_polling"], works=not options["no_worker"]))
        except (DomainError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error


async def _run(*, polls: bool, works: bool) -> None:
    await Runner(polls=polls, works=works).run()
