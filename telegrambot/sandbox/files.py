"""Files of people and bot, kept in the database."""

from __future__ import annotations

import secrets
import struct

from telegrambot.sandbox.models import SandboxFile

# What bots may upload: https://core.telegram.org/bots/api#sending-files
MAX_BYTES = 50 * 1024 * 1024
_ID_PREFIX = {"photo": "AgACAgIAAxkBAAI", "video": "BAACAgIAAxkBAAI", "document": "BQACAgIAAxkBAAI"}
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


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


def picture_type(content: bytes) -> str:
    """The media type of a picture that browsers show and that cannot carry a script, or ""."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return ""


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP picture; None when it is none."""
    try:
        match picture_type(content):
            case "image/png":
                return struct.unpack(">II", content[16:24])
            case "image/gif":
                return struct.unpack("<HH", content[6:10])
            case "image/jpeg":
                return _jpeg_size(content)
            case "image/webp":
                return _webp_size(content)
    except struct.error:
        return None
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 < len(content):
        marker, length = struct.unpack(">xBH", content[position : position + 4])
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[start : start + 3], "little") + 1 for start in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = struct.unpack("<I", content[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
