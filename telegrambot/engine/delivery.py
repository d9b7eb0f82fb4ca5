"""Carry out one claim over the Bot API, and say what became of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypedDict, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from config.redaction import redact
from telegrambot.engine import contents, sealing, transport_errors
from telegrambot.engine.claims import Claim
from telegrambot.engine.client import Client
from telegrambot.engine.html_markup import decoded
from telegrambot.engine.models import Priority
from telegrambot.engine.settlement import Outcome
from telegrambot.engine.uploads import Occupied, Uploads

MAX_ATTEMPTS = 5
_LATER = (1, 2, 5, 15, 60)
_INPUT_MEDIA = {"photo": InputMediaPhoto, "video": InputMediaVideo, "document": InputMediaDocument}
# What goes out as a file, and which of that Telegram shows without a text.
_FILES = frozenset({"photo", "video", "document", "voice", "audio", "animation", "sticker", "video_note"})
_WITHOUT_TEXT = frozenset({"sticker", "video_note"})
# Refusals of an edit or a deletion that mean: the screen is already as wanted, or it is gone.
_ALREADY = ("message is not modified", "message to delete not found")
_UNREACHABLE = ("blocked by the user", "user is deactivated", "can't initiate conversation")
_UNREADABLE = ("can't parse entities",)
# Refusals of a file's id: "wrong file identifier", "wrong remote file id", "FILE_REFERENCE_EXPIRED", …
_WRONG_FILE = ("file",)
# Refusals of an edit that a message of its own does not meet: what it changes is gone, or of another kind.
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "no text in the message to edit",
    "no caption in the message to edit",
    "caption is too long",
    "caption_too_long",
)
# A server error may hide a delivery: nobody may get these twice, not even then.
_NEVER_TWICE = (Priority.APPROVED_REPLY, Priority.BROADCAST)


class Unauthorized(Exception):
    """Telegram does not accept the token."""


class Unsendable(Exception):
    """The message cannot be put into a call of the Bot API."""


class _Where(TypedDict):
    chat_id: int
    business_connection_id: str | None


async def deliver(bot: Client, claim: Claim, uploads: Uploads) -> Outcome:
    """Carry out a claim.

    Args:
        bot: the client to speak through.
        claim: what to do.
        uploads: the files it may carry.

    Returns:
        What became of it; every error of the network and of Telegram is an outcome.

    Raises:
        Unauthorized: the token is wrong or revoked; nothing was sent, the claim stays valid.
        Unsendable: it cannot be put into a call; nothing was sent.
        django.db.Error: a file could not be loaded; nothing was sent.
    """
    if claim.operation != "send" and claim.target_id is None:
        return _without_target(claim)
    known = claim.message_id, claim.token, claim.dialog_id
    try:
        async with uploads.turn(claim):
            is_named = uploads.named(claim)
            call = await _prepare(bot, claim, uploads)
            # Whatever happens, the answer comes before the lease ends.
            async with asyncio.timeout(settings.SEND_LEASE_SECONDS * 0.75):
                sent = await call
            uploads.learn(claim, sent)
    except Occupied:
        return Outcome(*known, "queued", attempts_back=1, delay=_LATER[0], answered=None)
    except InvalidToken as error:
        raise Unauthorized from error
    except (TelegramError, TimeoutError) as error:
        if is_named and isinstance(error, BadRequest) and _mentions(str(error).lower(), _WRONG_FILE):
            uploads.forget(claim)
            return Outcome(*known, "queued", attempts_back=1, delay=_at_once(claim), payload={"upload": True})
        return _explain(claim, error)
    receipt = _receipt(claim, sent) if claim.operation == "send" else {}
    return Outcome(*known, "sent", **receipt)


def _without_target(claim: Claim) -> Outcome:
    """What to do about a message that never reached the chat: show it now, or leave it."""
    outcome = partial(Outcome, claim.message_id, claim.token, claim.dialog_id, answered=None)
    if claim.operation == "edit" and claim.priority == Priority.BROADCAST:
        return outcome("failed", error="There is nothing to edit: it was never sent.")
    if claim.operation == "edit":
        return outcome("queued", attempts_back=1, operation="send")
    return outcome("failed", error="There is nothing to delete: it was never sent.")


async def _prepare(bot: Client, claim: Claim, uploads: Uploads) -> Coroutine[Any, Any, Any]:
    """The call that carries the claim out; nothing leaves before it is awaited."""
    try:
        return await _call(bot, claim, uploads)
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError) as error:
        raise Unsendable from error


async def _call(bot: Client, claim: Claim, uploads: Uploads) -> Coroutine[Any, Any, Any]:
    where: _Where = {"chat_id": claim.chat_id, "business_connection_id": claim.connection_id or None}
    text, parse_mode = claim.text, ParseMode.HTML
    if claim.payload.get("plain"):
        text, parse_mode = plain(text), None  # type: ignore[assignment]
    keyboard = _keyboard(claim.payload.get("buttons"))
    is_paid = (settings.PAID_BROADCASTS and claim.priority == Priority.BROADCAST) or None
    match claim.operation, claim.message_type:
        case "delete", _ if claim.connection_id:
            return bot.delete_business_messages(
                claim.connection_id, claim.target_parts or [claim.target_id or 0]
            )
        case "delete", _ if len(claim.target_parts) > 1:
            return bot.delete_messages(claim.chat_id, claim.target_parts)
        case "delete", _:
            return bot.delete_message(claim.chat_id, claim.target_id or 0)
        case "edit", _ if claim.target_type != "text":
            return bot.edit_message_caption(
                message_id=claim.target_id,
                caption=text,
                parse_mode=parse_mode,
                reply_markup=keyboard,
                **where,
            )
        case "edit", _:
            return bot.edit_message_text(
                text, message_id=claim.target_id, parse_mode=parse_mode, reply_markup=keyboard, **where
            )
        case _, "album":
            # The text of the first one is shown below the whole album.
            media = [
                _INPUT_MEDIA[item["kind"]](
                    await uploads.source(claim, item, attach=True),
                    caption=None if place else text or None,
                    parse_mode=parse_mode,
                )
                for place, item in enumerate(claim.payload["album"])
            ]
            return bot.send_media_group(media=media, allow_paid_broadcast=is_paid, **where)
        case _, kind if kind in _FILES:
            item = claim.payload["media"]
            send: Callable[..., Coroutine[Any, Any, Any]] = getattr(bot, f"send_{kind}")
            return send(
                **{kind: await uploads.source(claim, item)},
                **({} if kind in _WITHOUT_TEXT else {"caption": text or None, "parse_mode": parse_mode}),
                reply_markup=keyboard,
                allow_paid_broadcast=is_paid,
                **where,
            )
    return bot.send_text(
        text=text, parse_mode=parse_mode, reply_markup=keyboard, allow_paid_broadcast=is_paid, **where
    )


def plain(text: str) -> str:
    """Telegram HTML without its tags, for when Telegram cannot read them."""
    return decoded(re.sub(r"</?[a-zA-Z][^<>]*>", "", text))


def _keyboard(rows: list[list[dict[str, str]]] | None) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(button["text"], callback_data=button.get("data"), url=button.get("url"))
                for button in row
            ]
            for row in rows
        ]
    )


def _receipt(claim: Claim, sent: Any) -> dict[str, Any]:
    if isinstance(sent, int):
        return {"external_message_id": str(sent)}
    messages = sent if isinstance(sent, tuple | list) else [sent]
    payload: dict[str, Any] = {}
    if isinstance(sent, tuple | list):
        payload["message_ids"] = [message.message_id for message in sent]
    # For operators who look at it later; of a broadcast there are as many copies as people.
    if claim.is_kept and claim.priority != Priority.BROADCAST:
        files = [_sent_file(message) for message in messages if isinstance(message, Message)]
        payload |= {"files": files} if any(files) else {}
    number = messages[0].message_id if isinstance(messages[0], Message) else None
    return {"external_message_id": str(number or ""), "payload": payload}


def _sent_file(message: Message) -> dict[str, Any]:
    body = message.to_dict()
    return contents.file_of(body.get(contents.type_of(body)))


def _explain(claim: Claim, error: TelegramError | TimeoutError) -> Outcome:
    """Which line of the table in docs/architecture.md (A message out) this is."""
    reason = redact(str(error) or type(error).__name__)
    told = reason if claim.is_kept else sealing.without_quotation(reason)
    outcome = partial(Outcome, claim.message_id, claim.token, claim.dialog_id, error=told)
    match transport_errors.outcome_of(error):
        case transport_errors.Outcome.REFUSED:
            return _refused(claim, cast("TelegramError", error), reason.lower(), outcome)
        case transport_errors.Outcome.NEVER_SENT:
            return outcome("queued", attempts_back=1, delay=_LATER[0], answered=False)
        case transport_errors.Outcome.SERVER_ERROR if claim.priority not in _NEVER_TWICE:
            is_repeatable = True
        case _:
            is_repeatable = claim.operation != "send"
    if not is_repeatable:
        return outcome("uncertain", answered=False)
    if claim.attempts >= MAX_ATTEMPTS:
        return outcome("failed", answered=False)
    return outcome("queued", delay=_LATER[min(claim.attempts, len(_LATER)) - 1], answered=False)


def _refused(claim: Claim, error: TelegramError, reason: str, outcome: Callable[..., Outcome]) -> Outcome:
    match error:
        case RetryAfter():
            seconds = transport_errors.seconds_to_wait(error)
            return outcome("queued", attempts_back=1, delay=seconds, limited=seconds)
        case ChatMigrated():
            return outcome("queued", attempts_back=1, delay=_at_once(claim), new_chat_id=error.new_chat_id)
        case Forbidden():
            return outcome("failed", blocked=_mentions(reason, _UNREACHABLE))
        case BadRequest() if _mentions(reason, _UNREADABLE) and not claim.payload.get("plain"):
            return outcome("queued", attempts_back=1, delay=_at_once(claim), payload={"plain": True})
        case BadRequest() if claim.operation != "send" and _mentions(reason, _ALREADY):
            return outcome("sent")
        # A screen shows up again; a broadcast that somebody has deleted does not come a second time.
        case BadRequest() if (
            claim.operation == "edit" and claim.priority != Priority.BROADCAST and _mentions(reason, _GONE)
        ):
            return outcome("queued", attempts_back=1, operation="send")
    return outcome("failed")


def _at_once(claim: Claim) -> float:
    """Seconds until a try for which nothing has to be waited for; a broadcast may be paused before it."""
    return _LATER[0] if claim.priority == Priority.BROADCAST else 0.0


def _mentions(reason: str, hints: Iterable[str]) -> bool:
    return any(hint in reason for hint in hints)
