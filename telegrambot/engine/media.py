"""Files of messages, fetched from Telegram when an operator looks at them, and kept for some days.

The browser never learns the bot's token: it asks the admin (see admin/media.py), which asks here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from telegram.error import BadRequest, TelegramError

from telegrambot.engine import sealing
from telegrambot.engine.client import Client, make_bot, opened
from telegrambot.engine.exceptions import MediaGone, MediaTooLarge, MediaUnavailable
from telegrambot.engine.models import FetchedMedia, Message, OutgoingFile
from telegrambot.engine.pictures import picture_type

# https://core.telegram.org/bots/api#getfile
MAX_BYTES = 20 * 1024 * 1024
_SECONDS = 20.0
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of a message.

    Attributes:
        position: its place in the album; 0 if there is no other.
        kind: photo, video, document, voice, sticker, …
        name: as its sender called it; may be empty.
        size: in bytes; 0 if nobody knows.
        file_id: Telegram's; empty for a file of ours that is not known to Telegram yet.
        thumbnail_id: of a small picture of it; empty if there is none.
        stored: the key of our own copy, if any.
    """

    position: int
    kind: str
    name: str = ""
    size: int = 0
    file_id: str = ""
    thumbnail_id: str = ""
    stored: str = ""

    @property
    def has_thumbnail(self) -> bool:
        """Whether there is a picture to show before the file is fetched."""
        return bool(self.thumbnail_id)

    @property
    def picture(self) -> str:
        """What can be shown in its place: its `thumbnail`, the `file` itself, or nothing."""
        return "thumbnail" if self.thumbnail_id else "file" if self.kind == "photo" else ""


def files_of(message: Message) -> list[MediaFile]:
    """The files that a message carries and that can be fetched; none in a chat without history."""
    return list(_files_of(message))


def fetch(message: Message, *, position: int = 0, is_thumbnail: bool) -> FetchedMedia:
    """Return a file of a message, from Telegram unless it is here already. Not inside a transaction.

    Raises:
        MediaGone: the message has no such file, or Telegram does not have it any more.
        MediaTooLarge: bots may not fetch it.
        MediaUnavailable: Telegram did not answer.
    """
    wanted = {"message_id": message.pk, "position": position, "is_thumbnail": is_thumbnail}
    if (known := FetchedMedia.objects.filter(**wanted).first()) is not None:
        return known
    file = next((file for file in _files_of(message) if file.position == position), None)
    if file is None or (is_thumbnail and not file.thumbnail_id):
        raise MediaGone
    content = _content(file, is_thumbnail=is_thumbnail)
    found = FetchedMedia(content=content, content_type=picture_type(content) or UNKNOWN_TYPE, **wanted)
    with transaction.atomic():
        # Two may have looked at once; a message erased meanwhile takes the file with it.
        if _may_be_kept(message) and Message.objects.filter(pk=message.pk).exists():
            FetchedMedia.objects.bulk_create([found], ignore_conflicts=True)
    found.fetched_at = timezone.now()
    return found


def _may_be_kept(message: Message) -> bool:
    """Whether histories are kept of what it says; none is switched off before the caller commits."""
    return not (
        sealing.without_history([message.dialog_id]) or sealing.people_without_history([message.about_id])
    )


def _files_of(message: Message) -> Iterator[MediaFile]:
    payload = message.payload
    if message.direction == Message.Direction.INBOUND or "file_id" in payload:
        if "file_id" in payload:
            yield _file(0, message.message_type, payload)
        return
    items = payload.get("album") or filter(None, [payload.get("media")])
    # What Telegram made of them, once they are sent.
    sent = payload.get("files") or []
    for position, item in enumerate(items):
        as_sent = sent[position] if position < len(sent) else {}
        if as_sent or item.keys() & {"file_id", "file"}:
            yield _file(position, item["kind"], {**item, **as_sent, "name": item.get("name", "")})


def _file(position: int, kind: str, kept: Mapping[str, Any]) -> MediaFile:
    return MediaFile(
        position=position,
        kind=kind,
        name=kept.get("name") or "",
        size=kept.get("size") or 0,
        file_id=kept.get("file_id") or "",
        thumbnail_id=(kept.get("thumbnail") or {}).get("file_id", ""),
        stored=kept.get("file") or "",
    )


def _content(file: MediaFile, *, is_thumbnail: bool) -> bytes:
    file_id = file.thumbnail_id if is_thumbnail else file.file_id
    if not file_id:
        stored = OutgoingFile.objects.filter(pk=file.stored, is_sealed=False).first()
        if stored is None:
            raise MediaGone
        return bytes(stored.content)
    if not is_thumbnail and file.size > MAX_BYTES:
        raise MediaTooLarge(limit=MAX_BYTES // 1024**2)
    try:
        # Outside the event loop: the sandbox's token is read from the database.
        bot = make_bot()
        content = asyncio.run(asyncio.wait_for(_download(bot, file_id), _SECONDS))
    except BadRequest as error:
        raise MediaGone from error
    except (TelegramError, TimeoutError) as error:
        raise MediaUnavailable from error
    if len(content) > MAX_BYTES:
        raise MediaTooLarge(limit=MAX_BYTES // 1024**2)
    return content


async def _download(client: Client, file_id: str) -> bytes:
    async with opened(client) as bot:
        found = await bot.get_file(file_id)
        if (found.file_size or 0) > MAX_BYTES:
            raise MediaTooLarge(limit=MAX_BYTES // 1024**2)
        return await bot.request.retrieve(found.file_path or "")
