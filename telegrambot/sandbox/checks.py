"""The sandbox hands out the bot to whoever opens its page: it must never run in production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def sandbox_only_in_development(**_: Any) -> list[CheckMessage]:
    """Refuse SANDBOX with DEBUG off."""
    if settings.SANDBOX and not settings.DEBUG:
        return [
            Error(
                "SANDBOX is on while DEBUG is off.",
                hint="Set TELEGRAM_BOT_TOKEN, or DEBUG=true on a development machine.",
                id="sandbox.E001",
            )
        ]
    return []
