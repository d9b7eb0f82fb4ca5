"""Queue what a view decided to say; the sender carries it out after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from telegrambot.engine import wake
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.replies import Button, Media, Reply, Upload
from telegrambot.engine.splitting import MAX_CAPTION, MAX_TEXT, length, split

# https://core.telegram.org/bots/api#sendmediagroup
MAX_ALBUM = 10

_needed_files: list[Callable[[], QuerySet[Any]]] = []

_QUEUE = """
INSERT INTO engine_message
    (dialog_id, person_id, direction, status, message_type, text, payload, operation, target_id, priority,
     expires_at, origin, dedupe_key)
SELECT dialog_id, person_id, 'outbound', 'queued', message_type, text, payload, operation, target_id,
       priority, statement_timestamp() + make_interval(mins => expires_in), origin, dedupe_key
FROM jsonb_to_recordset(%s::jsonb) AS draft(
    place bigint, dialog_id bigint, person_id uuid, message_type text, text text, payload jsonb,
    operation text, target_id bigint, priority smallint, expires_in int, origin text, dedupe_key text)
ORDER BY place
ON CONFLICT (dedupe_key) DO NOTHING
RETURNING id
"""


@dataclass(slots=True)
class Draft:
    """One message to be queued.

    Attributes:
        text: Telegram HTML.
        payload: `buttons` (rows of {text, data | url}), `media` ({kind, file_id | url | file, name}),
            `album`.
        target: key of the message that an edit or a deletion changes.
        expires_in: minutes after which it is not worth sending any more; None means never.
        dedupe_key: a second message with the same key is not queued.
    """

    dialog_id: int
    person_id: UUID | None
    text: str = ""
    message_type: str = "text"
    payload: dict[str, Any] = field(default_factory=dict)
    operation: str = Message.Operation.SEND
    target_id: int | None = None
    priority: int = Priority.ANSWER
    expires_in: int | None = None
    origin: str = ""
    dedupe_key: str | None = None


def queue(drafts: Sequence[Draft]) -> list[int]:
    """Queue messages in one statement, in the order given, inside the caller's transaction.

    Returns:
        The keys of those that were not queued before.

    Raises:
        django.db.DataError: a key is longer than 150 characters.
    """
    if not drafts:
        return []
    rows = [
        {
            "place": place,
            "dialog_id": draft.dialog_id,
            "person_id": draft.person_id,
            "message_type": draft.message_type,
            "text": draft.text,
            "payload": draft.payload,
            "operation": draft.operation,
            "target_id": draft.target_id,
            "priority": draft.priority,
            "expires_in": draft.expires_in,
            "origin": draft.origin,
            "dedupe_key": draft.dedupe_key,
        }
        for place, draft in enumerate(drafts)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [orjson.dumps(rows).decode()])
        keys = [key for (key,) in cursor.fetchall()]
    wake.messages()
    return keys


def drafts(
    reply: Reply, *, dialog_id: int, person_id: UUID | None, origin: str, target_id: int | None = None
) -> list[Draft]:
    """Turn a view's reply into messages, as many as it takes; the first edits `target_id` if there is one.

    Raises:
        ValueError: an album with buttons and without a text below which they could be.
    """
    text = str(reply.text)
    buttons = _buttons(reply.buttons)
    album = [_media(media) for media in reply.album]
    base = {
        "dialog_id": dialog_id,
        "person_id": person_id,
        "origin": origin,
        "expires_in": settings.ANSWERS_EXPIRE_AFTER_MINUTES,
    }
    found: list[Draft] = []
    if len(album) > 1:
        found += [Draft(**base, message_type="album", payload={"album": group}) for group in _albums(album)]
    elif album:
        caption = text if length(text) <= MAX_CAPTION else ""
        text = "" if caption else text
        found.append(Draft(**base, text=caption, message_type=album[0]["kind"], payload={"media": album[0]}))
    found += [Draft(**base, text=part) for part in split(text, MAX_TEXT)]
    if found and buttons:
        if found[-1].message_type == "album":
            raise ValueError("Telegram shows no buttons below an album: give the reply a text.")
        found[-1].payload["buttons"] = buttons
    if found and target_id and not album:
        found[0].operation, found[0].target_id = Message.Operation.EDIT, target_id
    return found


def say(
    reply: Reply, *, dialog_id: int, person_id: UUID | None, priority: int, origin: str, key: str
) -> list[int]:
    """Queue something nobody asked for (a notice, an approved reply); by its `key` it is said once."""
    found = drafts(reply, dialog_id=dialog_id, person_id=person_id, origin=origin)
    for part, draft in enumerate(found):
        draft.priority, draft.dedupe_key, draft.expires_in = priority, f"{key}:{part}", None
    return queue(found)


def keep_files(keys: Callable[[], QuerySet[Any]]) -> None:
    """Let no file be forgotten whose key the query `keys()` returns (none of them NULL)."""
    _needed_files.append(keys)


def forget_files(older_than: timedelta) -> int:
    """Delete files that were made for sending, are older than `older_than`, and needed by nobody."""
    old = OutgoingFile.objects.filter(created_at__lt=timezone.now() - older_than)
    for keys in _needed_files:
        old = old.exclude(pk__in=keys())
    deleted, _ = old.delete()
    return deleted


def _buttons(rows: Iterable[Sequence[Button]]) -> list[list[dict[str, str]]]:
    return [
        [
            {"text": str(button.label), **({"url": button.url} if button.url else {"data": button.data})}
            for button in row
        ]
        for row in rows
        if row
    ]


def _albums(media: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """As few albums as possible, none with a single item, which Telegram refuses."""
    count = -(-len(media) // MAX_ALBUM)
    size = -(-len(media) // count)
    for start in range(0, len(media), size):
        yield media[start : start + size]


def _media(media: Media) -> dict[str, str]:
    if isinstance(media.source, Upload):
        stored = OutgoingFile.objects.create(name=media.source.name, content=media.source.content)
        return {"kind": media.kind, "file": str(stored.pk), "name": stored.name}
    source = "url" if media.source.startswith("https://") else "file_id"
    return {"kind": media.kind, source: media.source}
