"""The photos and videos of a broadcast: what they are is read from their bytes, never from their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.db import transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import services
from telegrambot.broadcasts.exceptions import NotADraft, TooManyFiles, UnknownFile
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.engine.exceptions import UnfitPhoto
from telegrambot.engine.outbox import MAX_ALBUM
from telegrambot.engine.pictures import PHOTO_TYPES, fits_as_photo, picture_type

_MAX_NAME = 100
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4"}


@dataclass(frozen=True, slots=True)
class File:
    """A file that was uploaded."""

    name: str
    content: bytes

    @property
    def kind(self) -> BroadcastMedia.Kind:
        """What Telegram shows it as.

        Raises:
            UnknownFile: it is neither a photo nor a video.
            UnfitPhoto: Telegram would refuse it.
        """
        found = content_type(self.content)
        if not found:
            raise UnknownFile(name=self.name)
        if found not in PHOTO_TYPES:
            return BroadcastMedia.Kind.VIDEO
        if not fits_as_photo(self.content):
            raise UnfitPhoto(name=self.name)
        return BroadcastMedia.Kind.PHOTO


def content_type(content: bytes) -> str:
    """The media type of a photo or video that Telegram takes; empty for anything else."""
    if (found := picture_type(content)) in PHOTO_TYPES:
        return found
    return "video/mp4" if content[4:8] == b"ftyp" else ""


def type_of(kinds: Sequence[str]) -> Broadcast.Type:
    """What a broadcast with these files is sent as."""
    if len(kinds) > 1:
        return Broadcast.Type.ALBUM
    return Broadcast.Type(kinds[0]) if kinds else Broadcast.Type.TEXT


@transaction.atomic
def replace(
    broadcast: Broadcast, files: Sequence[File], *, actor: TelegramUser | None, **values: Any
) -> None:
    """Give a broadcast these files in place of those it has, and the type that fits them.

    Args:
        values: what else changes, as `services.change` takes it: text and files have to fit each other.

    Raises:
        NotADraft: it has started already.
        TooManyFiles: an album holds no more.
        UnknownFile, UnfitPhoto: one is neither a photo nor a video, or Telegram would refuse it.
        DeadButton, ValidationError: as `services.change`.
    """
    row = services.locked(broadcast)
    if not row.is_open:
        raise NotADraft(title=row.title, status=row.get_status_display())
    if len(files) > MAX_ALBUM:
        raise TooManyFiles(most=MAX_ALBUM)
    kinds = [file.kind for file in files]
    row.media.all().delete()
    BroadcastMedia.objects.bulk_create(
        BroadcastMedia(broadcast=row, position=position, kind=kind, name=_name(file), content=file.content)
        for position, (kind, file) in enumerate(zip(kinds, files, strict=True))
    )
    # The text is checked again: it may be too long below a photo.
    values = {"message_text": row.message_text, **values, "message_type": type_of(kinds)}
    services.change(broadcast, actor=actor, **values)


def _name(file: File) -> str:
    return PurePath(file.name).stem[: _MAX_NAME - 5] + _SUFFIXES[content_type(file.content)]
