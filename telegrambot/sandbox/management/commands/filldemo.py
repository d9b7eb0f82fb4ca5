"""`manage.py filldemo`: the people of the sandbox, and a login for its owner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from telegrambot.sandbox import demo
from telegrambot.sandbox.exceptions import DatabaseOfRealBot


class Command(BaseCommand):
    help = "Creates what is missing of the sandbox's demo; what was changed stays."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError(
                "The demo lives in the sandbox, which is off: DEBUG is off or TELEGRAM_BOT_TOKEN is set."
            )
        try:
            demo.fill()
        except DatabaseOfRealBot as refusal:
            raise CommandError(str(refusal)) from None
        call_command("ensureowner", telegram_id=demo.OWNER_TELEGRAM_ID, stdout=self.stdout)
