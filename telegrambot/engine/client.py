"""The Bot API client that everything of the engine speaks through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext
from telegram import Bot, InlineKeyboardMarkup
from telegram.error import InvalidToken, TelegramError

from config.redaction import redact
from telegrambot.engine import credentials
from telegrambot.engine.exceptions import TokenRefused
from telegrambot.engine.transport import AiohttpRequest
from telegrambot.engine.transport_errors import Outcome, outcome_of

# A call that is given up may have been carried out and cannot be repeated: waiting is better. Telegram
# fetches a linked file before it answers. Shorter than what a lease leaves for a call.
CALL_READ_SECONDS = 20.0


class Client(Bot):
    """python-telegram-bot's client, with a short way for what is called most."""

    async def send_text(
        self,
        chat_id: int,
        text: str,
        *,
        parse_mode: str | None,
        reply_markup: InlineKeyboardMarkup | None,
        business_connection_id: str | None,
        allow_paid_broadcast: bool | None = None,
    ) -> int:
        """`send_message` that returns the message's number only.

        To make a `Message` of the answer, with its hundred attributes, takes a fifth of the time of sending.

        Raises:
            TelegramError: as `send_message`.
        """
        wanted = {
            "chat_id": chat_id,
            "text": text,
            "parse_mode": parse_mode,
            "reply_markup": reply_markup,
            "business_connection_id": business_connection_id,
            "allow_paid_broadcast": allow_paid_broadcast,
        }
        sent = await self._post("sendMessage", {name: value for name, value in wanted.items() if value})
        try:
            return int(sent["message_id"])
        except (KeyError, TypeError, ValueError):
            raise TelegramError("The answer does not tell the number of the message.") from None


def make_bot() -> Client:
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
    return Client(
        credentials.bot_token(),
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=calls,
        get_updates_request=polls,
    )


@asynccontextmanager
async def opened(bot: Client) -> AsyncIterator[Client]:
    """A client for a call or two: its connections without the question who it is."""
    await bot.request.initialize()
    try:
        yield bot
    finally:
        await bot.request.shutdown()


def explain(error: TelegramError) -> str:
    """What went wrong between us and Telegram, in one sentence without the token."""
    if isinstance(error, InvalidToken):
        return str(TokenRefused())
    if outcome_of(error) is Outcome.REFUSED:
        return gettext("Telegram refused: {reason}").format(reason=redact(error.message))
    return gettext("Telegram did not answer: {reason} Please try again.").format(reason=redact(error.message))
