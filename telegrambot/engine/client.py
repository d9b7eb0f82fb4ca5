"""The Bot API client that everything of the engine speaks through."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from config.redaction import redact
from telegrambot.engine import credentials
from telegrambot.engine.exceptions import TokenRefused
from telegrambot.engine.transport import AiohttpRequest
from telegrambot.engine.transport_errors import Outcome, outcome_of

# A call that is given up may have been carried out and cannot be repeated: waiting is better. Telegram
# fetches a linked file before it answers. Shorter than what a lease leaves for a call.
CALL_READ_SECONDS = 20.0


def make_bot() -> Bot:
    """A client for the configured bot, server and proxy; open it with `async with` or `initialize()`.

    Raises:
        ImproperlyConfigured: there is no token, or the token or the proxy cannot be one.
    """
    root = settings.TELEGRAM_API_URL.rstrip("/")
    proxy = settings.TELEGRAM_PROXY_URL or None
    try:
        calls = AiohttpRequest(
            connection_pool_size=settings.SENDER_CONCURRENCY + 8, read_timeout=CALL_READ_SECONDS, proxy=proxy
        )
        # One poll at a time, which says itself how long it waits.
        polls = AiohttpRequest(connection_pool_size=1, proxy=proxy)
    except ValueError as error:
        raise ImproperlyConfigured(f"TELEGRAM_PROXY_URL: {error}") from None
    return Bot(
        credentials.bot_token(),
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=calls,
        get_updates_request=polls,
    )


def explain(error: TelegramError) -> str:
    """What went wrong between us and Telegram, in one sentence without the token."""
    if isinstance(error, InvalidToken):
        return str(TokenRefused())
    if outcome_of(error) is Outcome.REFUSED:
        return gettext("Telegram refused: {reason}").format(reason=redact(error.message))
    return gettext("Telegram did not answer: {reason} Please try again.").format(reason=redact(error.message))
