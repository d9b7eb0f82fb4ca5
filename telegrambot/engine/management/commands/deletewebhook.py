"""Go back from the webhook to polling."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from telegram import Bot
from telegram.error import TelegramError

from audit.services import record
from telegrambot.engine.client import explain, make_bot


class Command(BaseCommand):
    """`manage.py deletewebhook`"""

    help = "Remove the webhook, so that runbot can poll."

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the webhook and keep what waits; exit code 1 and one sentence when that is not possible."""
        try:
            bot = make_bot()
            # First the record: what the database cannot keep is not done, what Telegram refuses not kept.
            with transaction.atomic():
                record("engine.webhook.removed")
                asyncio.run(_remove(bot))
        except TelegramError as error:
            raise CommandError(explain(error)) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_("Telegram posts updates nowhere now; runbot can poll for them."))


async def _remove(bot: Bot) -> None:
    async with bot:
        await bot.delete_webhook(drop_pending_updates=False)
