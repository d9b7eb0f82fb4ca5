"""Queue what a view decided to say; the sender carries it out after the commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Func, JSONField, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from telegrambot.engine import sealing, wake
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.replies import Button, Media, Reply, Upload
from telegrambot.engine.splitting import MAX_CAPTION, MAX_TEXT, length, split
from telegrambot.vault.exceptions import UnreadableSecret

# https://core.telegram.org/bots/api#sendmediagroup
MAX_ALBUM = 10

_needed_files: list[Callable[[], QuerySet[Any]]] = []

_QUEUE = """
INSERT INTO engine_message
    (dialog_id, person_id, direction, status, message_type, text, payload, operation, target_id, priority,
     expires_at, origin, dedupe_key, about_id, expects_last_inbound, sealed)
SELECT dialog_id, person_id, 'outbound', 'queued', message_type, text, payload, operation, target_id,
       priority, statement_timestamp() + make_interval(mins => expires_in), origin, dedupe_key,
       about_id, expects_last_inbound, sealed
FROM jsonb_to_recordset(%s::jsonb) AS draft(
    place bigint, dialog_id bigint, person_id uuid, message_type text, text text, payload jsonb,
    operation text, target_id bigint, priority smallint, expires_in int, origin text, dedupe_key text,
    about_id uuid, expects_last_inbound bigint, sealed text)
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
        about_id: whose words or name it repeats to somebody else.
        expects_last_inbound: key of the newest message from the chat that it answers; it is not sent any
            more once there is a newer one.
        is_kept: whether the chat keeps its history; None: to be looked up.
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
    about_id: UUID | None = None
    expects_last_inbound: int | None = None
    is_kept: bool | None = None


def queue(drafts: Sequence[Draft]) -> list[int]:
    """Queue messages in one statement, in the order given, inside the caller's transaction.

    What is said in a chat without history, or repeated elsewhere of its person, is encrypted.

    Returns:
        The keys of those that were not queued before.

    Raises:
        django.db.DataError: a key is longer than 150 characters.
    """
    if not drafts:
        return []
    # One transaction, also for a caller that has none: what was looked up must hold until it is stored.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        unknown = {draft.dialog_id for draft in drafts if draft.is_kept is None}
        silent = sealing.without_history(unknown) if unknown else frozenset()
        unquoted = sealing.people_without_history(draft.about_id for draft in drafts)
        rows = []
        for place, draft in enumerate(drafts):
            is_kept = draft.dialog_id not in silent if draft.is_kept is None else draft.is_kept
            rows.append(_row(place, draft, is_kept and draft.about_id not in unquoted))
        cursor.execute(_QUEUE, [orjson.dumps(rows).decode()])
        keys = [key for (key,) in cursor.fetchall()]
        wake.messages()
    return keys


def drafts(
    reply: Reply,
    *,
    dialog_id: int,
    person_id: UUID | None,
    origin: str,
    target_id: int | None = None,
    is_kept: bool | None = None,
) -> list[Draft]:
    """Turn a view's reply into messages, as many as it takes; the first edits `target_id` if there is one.

    Args:
        is_kept: whether the chat keeps its history; None: to be looked up.

    Raises:
        ValueError: an album with buttons and without a text below which they could be.
    """
    text = str(reply.text)
    buttons = _buttons(reply.buttons)
    if is_kept is None and any(isinstance(media.source, Upload) for media in reply.album):
        is_kept = not sealing.without_history([dialog_id])
    album = [_media(media, is_sealed=is_kept is False) for media in reply.album]
    base: dict[str, Any] = {
        "dialog_id": dialog_id,
        "person_id": person_id,
        "origin": origin,
        "about_id": reply.about,
        "expires_in": settings.ANSWERS_EXPIRE_AFTER_MINUTES,
        "is_kept": is_kept,
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
    reply: Reply,
    *,
    dialog_id: int,
    person_id: UUID | None,
    priority: int,
    origin: str,
    key: str,
    expects_last_inbound: int | None = None,
) -> list[int]:
    """Queue something nobody asked for (a notice, an approved reply); by its `key` it is said once.

    Args:
        expects_last_inbound: see `Draft`.
    """
    found = drafts(reply, dialog_id=dialog_id, person_id=person_id, origin=origin)
    for part, draft in enumerate(found):
        draft.priority, draft.dedupe_key, draft.expires_in = priority, f"{key}:{part}", None
        draft.expects_last_inbound = expects_last_inbound
    return queue(found)


def keep_files(keys: Callable[[], QuerySet[Any]]) -> None:
    """Let no file be forgotten whose key the query `keys()` returns (none of them NULL)."""
    _needed_files.append(keys)


def unneeded_files() -> QuerySet[OutgoingFile]:
    """The files that nobody asked to keep."""
    files = OutgoingFile.objects.all()
    for keys in _needed_files:
        files = files.exclude(pk__in=keys())
    return files


def forget_files(older_than: timedelta) -> int:
    """Delete files that were made for sending, are older than `older_than`, and needed by nobody."""
    old = OutgoingFile.objects.filter(created_at__lt=timezone.now() - older_than)
    for keys in _needed_files:
        old = old.exclude(pk__in=keys())
    deleted, _ = old.delete()
    return deleted


def drop_files(keys: Collection[str], *, made_for: Q) -> None:
    """Delete files of messages which are erased; see `files_only_of`. Sealed ones are still waited for."""
    if keys:
        files_only_of(made_for, keys).filter(is_sealed=False).delete()


def files_only_of(whose: Q, keys: Collection[str]) -> QuerySet[OutgoingFile]:
    """Those of the files that no guide or broadcast needs, and that only the messages of `whose` name."""
    files = unneeded_files().filter(pk__in=keys)
    if (oldest := files.order_by("created_at").values_list("created_at", flat=True).first()) is None:
        return files
    others = Message.objects.filter(created_at__gte=oldest).exclude(whose)
    return files.exclude(pk__in=files_in(others) | _files_in_sealed(others))


def files_in(messages: QuerySet[Message]) -> set[str]:
    """The files that messages name, but for what is sealed."""
    file = Func("payload", template="jsonb_path_query(%(expressions)s, '$.*.file')", output_field=JSONField())
    carrying = messages.filter(Q(payload__has_key="media") | Q(payload__has_key="album"))
    return set(carrying.order_by().values_list(file, flat=True).distinct())


def _files_in_sealed(messages: QuerySet[Message]) -> set[str]:
    """What those of them name that wait in chats without history."""
    waiting = messages.filter(sealed__isnull=False).exclude(message_type="text")
    found: set[str] = set()
    for sealed in waiting.values_list(Cast("sealed", TextField()), flat=True).iterator():
        with suppress(UnreadableSecret):  # what cannot be read is never sent
            found.update(files_of(sealing.unseal(sealed)["payload"]))
    return found


def files_of(payload: Mapping[str, Any]) -> list[str]:
    """The files of ours that one message carries."""
    items = [*(payload.get("album") or []), payload.get("media") or {}]
    return [item["file"] for item in items if "file" in item]


def _row(place: int, draft: Draft, is_kept: bool) -> dict[str, Any]:
    return {
        "place": place,
        "dialog_id": draft.dialog_id,
        "person_id": draft.person_id,
        "message_type": draft.message_type,
        "operation": draft.operation,
        "target_id": draft.target_id,
        "priority": draft.priority,
        "expires_in": draft.expires_in,
        "origin": draft.origin,
        "dedupe_key": draft.dedupe_key,
        "about_id": draft.about_id,
        "expects_last_inbound": draft.expects_last_inbound,
        **_body(draft, is_kept),
    }


def _body(draft: Draft, is_kept: bool) -> dict[str, Any]:
    """What the message says, as it is stored."""
    if is_kept or not (draft.text or draft.payload):
        return {"text": draft.text, "payload": draft.payload, "sealed": None}
    sealed = sealing.seal({"text": draft.text, "payload": draft.payload})
    return {"text": "", "payload": sealing.skeleton(draft.payload), "sealed": sealed}


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


def _media(media: Media, *, is_sealed: bool) -> dict[str, str]:
    if isinstance(media.source, Upload):
        key = _stored(media.source, is_sealed=is_sealed)
        return {"kind": media.kind, "file": str(key), "name": media.source.name}
    source = "url" if media.source.startswith("https://") else "file_id"
    return {"kind": media.kind, source: media.source}


def _stored(upload: Upload, *, is_sealed: bool) -> UUID:
    """Keep a file for the sender; one with a key of its own only once, but for chats without history."""
    if is_sealed:
        return OutgoingFile.objects.create(content=sealing.seal_file(upload.content), is_sealed=True).pk
    if upload.key is None:
        return OutgoingFile.objects.create(name=upload.name, content=upload.content).pk
    if not OutgoingFile.objects.filter(pk=upload.key).exists():
        file = OutgoingFile(pk=upload.key, name=upload.name, content=upload.content)
        # Somebody else may store it at this moment.
        OutgoingFile.objects.bulk_create([file], ignore_conflicts=True)
    return upload.key
