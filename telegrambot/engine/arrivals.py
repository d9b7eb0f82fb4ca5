"""Read what storing an update needs to know, and nothing more; the rest is parsed in dispatch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from telegrambot.accounts.sightings import Sighting
from telegrambot.engine import contents, languages
from telegrambot.engine.models import Dialog
from telegrambot.engine.routing import registry

# Updates that carry a new message, and therefore a line of history; a change of one; the end of some.
MESSAGE_KINDS = frozenset({"message", "channel_post", "business_message"})
EDIT_KINDS = frozenset({"edited_message", "edited_channel_post", "edited_business_message"})
DELETION = "deleted_business_messages"
_SPOKEN_KINDS = MESSAGE_KINDS | EDIT_KINDS
_DIALOG_TYPES = {
    "private": Dialog.Type.PRIVATE,
    "group": Dialog.Type.GROUP,
    "supergroup": Dialog.Type.GROUP,
    "channel": Dialog.Type.CHANNEL,
}
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?=\s|$)")
_BIGINT = 2**63
# Which message it is that an update repeats.
_WHICH = ("message_id", "date", "chat", "business_connection_id")
MAX_KIND = 50


class Unreadable(ValueError):
    """An update that is not what the Bot API describes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What intake stores beside the update itself. Empty `chat_id`: the update belongs to no chat.

    Attributes:
        message_id: of the message it brings or changes; empty when it is no line of history.
        media: what the message carries besides its text (see `contents.py`).
        is_own: said by the business account the bot serves, not to it.
        edit_date: set when the message was changed.
        deleted: the messages that are gone.
        moved_from: the number that this chat had before.
    """

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
    language: str = ""
    date: int = 0
    media: dict[str, Any] = field(default_factory=dict)
    is_own: bool = False
    edit_date: int = 0
    deleted: list[str] = field(default_factory=list)
    moved_from: str = ""


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


def chat_numbers(value: Any) -> Iterator[str]:
    """The numbers of all chats that an update names, be it readable or not."""
    if isinstance(value, Mapping):
        if isinstance(chat := value.get("chat"), Mapping) and isinstance(chat.get("id"), int):
            yield str(chat["id"])
        for item in value.values():
            yield from chat_numbers(item)
    elif isinstance(value, list):
        for item in value:
            yield from chat_numbers(item)


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
    # A connected business account is the business of the owner's own chat with the bot.
    chat = message.get("chat") or _own_chat(kind, body)
    if not chat:
        return Arrival(update_key(update), kind, update)
    if not isinstance(chat["id"], int) or abs(chat["id"]) >= _BIGINT:
        raise Unreadable("A chat id is not a 64-bit number.")
    if kind == "callback_query" and not isinstance(body["id"], str):
        raise Unreadable("A callback query has no id.")
    return Arrival(
        update_id=update_key(update),
        kind=kind,
        payload=_without_repetitions(update, kind, body),
        chat_id=str(chat["id"]),
        chat_type=_DIALOG_TYPES[chat["type"]],
        title=_title(chat),
        connection=message.get("business_connection_id", "")[:100],
        sender=_sender(body.get("from") or body.get("user")),
        deleted=[str(int(number)) for number in body["message_ids"]] if kind == DELETION else [],
        **(_said(kind, body) if kind in _SPOKEN_KINDS else {}),
    )


def _without_repetitions(update: Mapping[str, Any], kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The update without the words of other messages that it repeats: those lie in the history alone."""
    name = "message" if kind == "callback_query" else "reply_to_message"
    repeated = body.get(name)
    if not isinstance(repeated, Mapping):
        return update
    known = {key: repeated[key] for key in _WHICH if key in repeated}
    rest = {key: value for key, value in body.items() if key != "quote"}
    return {**update, kind: {**rest, name: known}}


def _said(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes a line of history, or a change of one."""
    text = body.get("text") or body.get("caption") or ""
    command = _COMMAND.match(text) if kind == "message" and "text" in body else None
    message_type = contents.type_of(body)
    # What the bot said for a business account is in the outbox already.
    is_ours = "sender_business_bot" in body
    return {
        "command": command[1].lower() if command else "",
        "message_id": "" if is_ours else str(int(body["message_id"])),
        "message_type": message_type,
        "text": text,
        "language": languages.detect(text),
        "date": int(body["date"]),
        "media": contents.payload(body, message_type),
        "is_own": "business_connection_id" in body and _is_own(body),
        "edit_date": int(body.get("edit_date") or body["date"]) if kind in EDIT_KINDS else 0,
        "moved_from": str(int(body.get("migrate_from_chat_id") or 0) or ""),
    }


def _is_own(body: Mapping[str, Any]) -> bool:
    """Whether the account's owner wrote it: a customer's chat has the customer's own number."""
    return bool((body.get("from") or {}).get("id") != body["chat"]["id"])


def _own_chat(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    if kind != "business_connection":
        return {}
    return {**body["user"], "id": body["user_chat_id"], "type": "private"}


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
