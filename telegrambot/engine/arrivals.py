"""Read what storing an update needs to know, and nothing more; the rest is parsed in dispatch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from telegrambot.accounts.sightings import Sighting
from telegrambot.engine.models import Dialog
from telegrambot.engine.routing import registry

# Updates that carry a new message, and therefore a line of history.
MESSAGE_KINDS = frozenset({"message", "channel_post", "business_message"})
_CONTENT = (
    "text",
    "photo",
    "video",
    "document",
    "voice",
    "audio",
    "video_note",
    "animation",
    "sticker",
    "location",
    "contact",
    "venue",
    "poll",
    "dice",
)
_DIALOG_TYPES = {
    "private": Dialog.Type.PRIVATE,
    "group": Dialog.Type.GROUP,
    "supergroup": Dialog.Type.GROUP,
    "channel": Dialog.Type.CHANNEL,
}
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?=\s|$)")
_BIGINT = 2**63


class Unreadable(ValueError):
    """An update that is not what the Bot API describes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What intake stores beside the update itself. Empty `chat_id`: the update belongs to no chat."""

    update_id: int
    kind: str
    payload: Mapping[str, Any]
    chat_id: str = ""
    chat_type: str = ""
    title: str = ""
    connection: str = ""
    sender: Sighting | None = None
    command: str = ""
    message_id: str = ""
    message_type: str = ""
    text: str = ""
    date: int = 0
    media: dict[str, Any] = field(default_factory=dict)


def read(update: Mapping[str, Any]) -> Arrival:
    """Read one raw update.

    Raises:
        Unreadable: something in it has another type than the Bot API documents.
    """
    try:
        return _read(conceal(update))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__} while reading the update") from error


def update_key(update: Mapping[str, Any]) -> int:
    """The update's own number.

    Raises:
        Unreadable: there is none, or it is not a 64-bit number.
    """
    number = update.get("update_id") if isinstance(update, Mapping) else None
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) >= _BIGINT:
        raise Unreadable("An update has no numeric update_id.")
    return number


def conceal(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace the value of a secret deep link by its SHA-256, so that no code is ever stored."""
    message = update.get("message")
    text = message.get("text") if isinstance(message, Mapping) else None
    prefixes = "|".join(map(re.escape, registry.secret_prefixes()))
    if not isinstance(text, str) or not prefixes or not text.lower().startswith("/start"):
        return update
    hidden = re.sub(
        rf"^(/start(?:@\w+)?\s+(?:{prefixes}))(\S+)",
        lambda match: match[1] + hashlib.sha256(match[2].encode()).hexdigest(),
        text,
        flags=re.IGNORECASE,
    )
    return {**update, "message": {**message, "text": hidden}}  # type: ignore[dict-item]


def _read(update: Mapping[str, Any]) -> Arrival:
    kind = next((key for key in update if key != "update_id"), "")
    body = update[kind] if kind else {}
    message = body if "chat" in body else body.get("message") or {}
    chat = message.get("chat") or {}
    if not chat:
        return Arrival(update_key(update), kind[:50], update)
    if not isinstance(chat["id"], int) or abs(chat["id"]) >= _BIGINT:
        raise Unreadable("A chat id is not a 64-bit number.")
    text = (body.get("text") or body.get("caption") or "") if kind in MESSAGE_KINDS else ""
    command = _COMMAND.match(text)
    message_type = next((name for name in _CONTENT if name in body), "other")
    return Arrival(
        update_id=update_key(update),
        kind=kind[:50],
        payload=update,
        chat_id=str(chat["id"]),
        chat_type=_DIALOG_TYPES[chat["type"]],
        title=_title(chat),
        connection=message.get("business_connection_id", "")[:100],
        sender=_sender(body.get("from")),
        command=command[1].lower() if command else "",
        message_id=str(int(body["message_id"])) if kind in MESSAGE_KINDS else "",
        message_type=message_type,
        text=text,
        date=int(body["date"]) if kind in MESSAGE_KINDS else 0,
        media=_media(body, message_type) if kind in MESSAGE_KINDS else {},
    )


def _title(chat: Mapping[str, Any]) -> str:
    name = " ".join(filter(None, [chat.get("first_name", ""), chat.get("last_name", "")]))
    return str(chat.get("title") or name or chat.get("username") or "")[:255]


def _sender(user: Mapping[str, Any] | None) -> Sighting | None:
    if not user or user.get("is_bot"):
        return None
    if not isinstance(user["id"], int) or abs(user["id"]) >= _BIGINT:
        raise Unreadable("A person's id is not a 64-bit number.")
    return Sighting(
        user["id"],
        user.get("username", "")[:100],
        user.get("first_name", "")[:100],
        user.get("last_name", "")[:100],
        user.get("language_code", "")[:35],
    )


def _media(body: Mapping[str, Any], message_type: str) -> dict[str, Any]:
    content = body.get(message_type)
    largest = content[-1] if isinstance(content, list) and content else content
    if not isinstance(largest, Mapping) or "file_id" not in largest:
        return {}
    return {"file_id": largest["file_id"], "name": largest.get("file_name", "")}
