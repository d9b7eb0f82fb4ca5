"""System checks of what the engine needs to be told."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from telegrambot.engine.links import scheme_of

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@register
def check_telegram(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings that name the bot and the way to Telegram."""
    found: list[CheckMessage] = []
    if settings.TELEGRAM_BOT_TOKEN and not _TOKEN.fullmatch(settings.TELEGRAM_BOT_TOKEN):
        found.append(
            Error("TELEGRAM_BOT_TOKEN is not a token. Copy it whole from @BotFather.", id="engine.E001")
        )
    if scheme_of(settings.TELEGRAM_API_URL) not in {"http", "https"}:
        found.append(
            Error("TELEGRAM_API_URL must be an address such as https://api.telegram.org.", id="engine.E002")
        )
    if settings.TELEGRAM_WEBHOOK_SECRET and not _SECRET.fullmatch(settings.TELEGRAM_WEBHOOK_SECRET):
        found.append(
            Error(
                "TELEGRAM_WEBHOOK_SECRET may hold letters, digits, _ and - only (1 to 256 of them).",
                id="engine.E003",
            )
        )
    return found
