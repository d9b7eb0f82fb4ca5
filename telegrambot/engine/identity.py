"""Whose bot this is, and that a database serves one bot only."""

from __future__ import annotations

from django.conf import settings
from telegram import Bot, User

from telegrambot.engine.exceptions import ForeignDatabase
from telegrambot.engine.models import BotIdentity
from telegrambot.engine.transport import AiohttpRequest


class OfflineBot(Bot):
    """A client that knows its own name without asking; for matching and parsing, never for calls."""

    def __init__(self, bot_id: int, username: str) -> None:
        # Requests that are never initialised: python-telegram-bot's own would build two HTTP clients.
        super().__init__(f"{bot_id}:offline", request=AiohttpRequest(), get_updates_request=AiohttpRequest())
        self._me = User(bot_id, username, True, username=username)

    @property
    def bot(self) -> User:
        """The bot as a user."""
        return self._me


def offline_bot(bot_id: int, username: str) -> Bot:
    """A client for matching and parsing only."""
    return OfflineBot(bot_id, username)


def remember(bot_id: int, username: str) -> None:
    """Bind this database to a bot, or follow its new username.

    Raises:
        ForeignDatabase: the database belongs to another bot.
    """
    identity, created = BotIdentity.objects.get_or_create(
        pk=1, defaults={"bot_id": bot_id, "username": username, "is_sandbox": settings.SANDBOX}
    )
    if identity.bot_id != bot_id:
        raise ForeignDatabase(owner=identity.username, other=username)
    if not created and identity.username != username:
        identity.username = username
        identity.save(update_fields=["username"])
