"""`manage.py claimowner`: a link that makes whoever opens it first an owner of the bot."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telegrambot.accounts.claims import create_owner_claim
from telegrambot.engine.models import BotIdentity


class Command(BaseCommand):
    help = "Print a link that makes the person who opens it in Telegram an owner; once, within five minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        bot = BotIdentity.objects.first()
        if bot is None:
            raise CommandError("The bot's name is not known yet. Start it once: manage.py runbot")
        link = f"https://t.me/{bot.username}?start=claim_{create_owner_claim()}"
        self.stdout.write("Open this link in Telegram within five minutes and press Start:")
        self.stdout.write(link)
