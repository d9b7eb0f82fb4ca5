"""The bot's token: from the environment, or from the sandbox when there is none."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_sandbox_token: Callable[[], str] | None = None


def register_sandbox(source: Callable[[], str]) -> None:
    """Let the sandbox offer the token of its own bot."""
    global _sandbox_token
    _sandbox_token = source


def bot_token() -> str:
    """The token to speak to the Bot API with.

    Raises:
        ImproperlyConfigured: no token is set and the sandbox is off.
    """
    if settings.TELEGRAM_BOT_TOKEN:
        return str(settings.TELEGRAM_BOT_TOKEN)
    if settings.SANDBOX and _sandbox_token is not None:
        return _sandbox_token()
    raise ImproperlyConfigured("Set TELEGRAM_BOT_TOKEN to the token that @BotFather gave you.")


def bot_id() -> int:
    """The bot's own Telegram id, which every token begins with."""
    return int(bot_token().split(":", 1)[0])
