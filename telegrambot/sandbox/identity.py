"""The sandbox's own bot, as the engine needs it."""

from __future__ import annotations

from telegrambot.sandbox.models import SandboxBot


def bot_token() -> str:
    """The token of this database's sandbox bot; made up on first need."""
    return SandboxBot.objects.current().token
