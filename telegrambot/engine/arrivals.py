"""Read what storing an update needs to know, and nothing more; the rest is parsed in dispatch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from telegrambot.accounts.sightings import Sighting
from telegrambot.engine.models import Dialog
from telegrambot.engine.routing import registry

# Updates that carry a new message, and therefore a line of history.
MESSAGE_KINDS = frozenset({"message", "channel_post", "business_message"})
# An animation carries a document too, a venue a location: the more telling name comes first.
_CONTENT = (
    "text",
    "photo",
    "video",
    "animation",
    "document",
    "voice",
    "audio",
    "video_note",
    "sticker",
    "venue",
    "location",
    "contact",
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
MAX_KIND = 50


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
    except Unreadable:
        raise
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
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
    """Replace the values of secret deep links by their SHA-256, so that no code is ever stored.

    They may stand anywhere: in a command, in a quotation of it, in a link that somebody pasted.
    """
    link = _secret_links(tuple(registry.secret_prefixes()))
    return _concealed(update, link) if link else update


@cache
def _secret_links(prefixes: tuple[str, ...]) -> re.Pattern[str] | None:
    if not prefixes:
        return None
    known = "|".join(map(re.escape, prefixes))
    return re.compile(rf"((?:/start(?:@\w+)?\s+|[?&]start=)(?:{known}))([^\s&#]+)", re.IGNORECASE)


def _concealed(value: Any, link: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return link.sub(_hash_value, value) if "start" in value.lower() else value
    if isinstance(value, Mapping):
        return {key: _concealed(item, link) for key, item in value.items()}
    return [_concealed(item, link) for item in value] if isinstance(value, list) else value


def _hash_value(found: re.Match[str]) -> str:
    return found[1] + hashlib.sha256(found[2].encode(errors="replace")).hexdigest()


def _read(update: Mapping[str, Any]) -> Arrival:
    kind = next((key for key in update if key != "update_id"), "")
    if len(kind) > MAX_KIND:
        raise Unreadable("The kind of an update is too long a name.")
    body = update[kind] if kind else {}
    message = body if "chat" in body else body.get("message") or {}
    chat = message.get("chat") or {}
    if not chat:
        return Arrival(update_key(update), kind, update)
    if not isinstance(chat["id"], int) or abs(chat["id"]) >= _BIGINT:
        raise Unreadable("A chat id is not a 64-bit number.")
    text = (body.get("text") or body.get("caption") or "") if kind in MESSAGE_KINDS else ""
    if kind == "callback_query" and not isinstance(body["id"], str):
        raise Unreadable("A callback query has no id.")
    command = _COMMAND.match(text) if kind == "message" and "text" in body else None
    message_type = next((name for name in _CONTENT if name in body), "other")
    return Arrival(
        update_id=update_key(update),
        kind=kind,
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
