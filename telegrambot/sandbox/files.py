"""Files of people and bot, kept in the database."""

from __future__ import annotations

import secrets

from telegrambot.engine.pictures import picture_size
from telegrambot.sandbox.models import SandboxFile

# What bots may upload: https://core.telegram.org/bots/api#sending-files
MAX_BYTES = 50 * 1024 * 1024
_ID_PREFIX = {"photo": "AgACAgIAAxkBAAI", "video": "BAACAgIAAxkBAAI", "document": "BQACAgIAAxkBAAI"}


def store(*, kind: str, name: str, mime_type: str, content: bytes) -> SandboxFile:
    """Keep a file and give it an id."""
    width, height = picture_size(content) or (0, 0)
    if kind == SandboxFile.Kind.PHOTO:
        # Telegram converts every photo and forgets how it was called.
        name, mime_type = "", ""
    return SandboxFile.objects.create(
        file_id=_ID_PREFIX[kind] + secrets.token_urlsafe(36),
        kind=kind,
        name=name.replace("\x00", "")[-255:],
        mime_type=mime_type.replace("\x00", "")[:127],
        size=len(content),
        width=width,
        height=height,
        content=content,
    )
