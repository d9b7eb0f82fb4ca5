"""The Bot API client that everything of the engine speaks through."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from config.redaction import redact
from telegrambot.engine import credentials
from telegrambot.engine.transport import AiohttpRequest
from telegrambot.engine.transport_errors import Outcome, outcome_of

# getUpdates may be answered after Telegram's longest poll; a slow line adds to that.
POLLING_READ_SECONDS = 10.0


def make_bot(*, for_polling: bool = False) -> Bot:
    """A client for the configured bot, server and proxy; open it with `async with` or `initialize()`.

    Args:
        for_polling: for one long poll at a time instead of many short calls.

    Raises:
        ImproperlyConfigured: there is no token, or the token or the proxy cannot be one.
    """
    root = settings.TELEGRAM_API_URL.rstrip("/")
    proxy = settings.TELEGRAM_PROXY_URL or None
    try:
        calls = AiohttpRequest(connection_pool_size=settings.SENDER_CONCURRENCY + 8, proxy=proxy)
        polls = AiohttpRequest(
            connection_pool_size=2 if for_polling else 1, read_timeout=POLLING_READ_SECONDS, proxy=proxy
        )
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
        return gettext(
            "Telegram does not accept the bot's token. "
            "Please compare TELEGRAM_BOT_TOKEN with what @BotFather says."
        )
    if outcome_of(error) is Outcome.REFUSED:
        return gettext("Telegram refused: {reason}").format(reason=redact(error.message))
    return gettext("Telegram did not answer: {reason} Please try again.").format(reason=redact(error.message))
