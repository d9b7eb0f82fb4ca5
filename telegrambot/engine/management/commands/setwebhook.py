"""Let Telegram post updates to the web process instead of being polled."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from telegram import Bot
from telegram.error import TelegramError

from audit.services import record
from telegrambot.engine import health
from telegrambot.engine.client import explain, make_bot
from telegrambot.engine.intake import ALLOWED_UPDATES

# Both from https://core.telegram.org/bots/api#setwebhook
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MOST_CONNECTIONS = 100


class Command(BaseCommand):
    """`manage.py setwebhook https://bot.example.org`"""

    help = "Let Telegram post updates to this address instead of being polled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the address and how many requests may come at once."""
        parser.add_argument("url", help="https://your.host, or the whole address of the webhook")
        parser.add_argument(
            "--max-connections",
            type=int,
            default=40,
            help="how many updates may be posted at once (1 to 100)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Register the webhook; exit code 1 and one sentence when that is not possible."""
        url = webhook_url(options["url"])
        connections = options["max_connections"]
        if not 1 <= connections <= _MOST_CONNECTIONS:
            raise CommandError(_("--max-connections is a number from 1 to 100."))
        if not _SECRET.fullmatch(settings.TELEGRAM_WEBHOOK_SECRET):
            raise CommandError(
                _(
                    "Set TELEGRAM_WEBHOOK_SECRET first: 1 to 256 letters, digits, _ and -, the same for "
                    "the web process. This makes one: "
                    'python -c "import secrets; print(secrets.token_urlsafe(32))"'
                )
            )
        try:
            bot = make_bot()
            # First the record: what the database cannot keep is not done, what Telegram refuses not kept.
            with transaction.atomic():
                record("engine.webhook.set", details={"host": urlsplit(url).hostname})
                health.retire("poller")
                asyncio.run(_register(bot, url, connections))
        except TelegramError as error:
            raise CommandError(explain(error)) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            _("Telegram took the webhook and posts updates to {url} from now on.").format(url=url)
        )


def webhook_url(text: str) -> str:
    """The address to register; a bare host gets our own path.

    Raises:
        CommandError: it is no https address (http is for this very machine, in development).
    """
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_allowed = parts.scheme == "https" or (parts.scheme == "http" and settings.DEBUG and _is_loopback(host))
    if not host or not is_allowed or parts.username or parts.password or parts.fragment:
        raise CommandError(
            _("The webhook needs an address like https://bot.example.org (Telegram accepts only https).")
        )
    path = reverse("engine:webhook") if parts.path in {"", "/"} else parts.path
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _register(bot: Bot, url: str, connections: int) -> None:
    async with bot:
        await bot.set_webhook(
            url,
            max_connections=connections,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=settings.TELEGRAM_WEBHOOK_SECRET,
        )
