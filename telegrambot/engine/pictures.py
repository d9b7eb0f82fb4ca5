"""What a picture is, and how large: read from its own bytes, whatever its sender or its name says."""

from __future__ import annotations

import struct

# https://core.telegram.org/bots/api#sendphoto
MAX_PHOTO_BYTES = 10 * 1024 * 1024
_MAX_SIDES = 10_000
_MAX_RATIO = 20
# What Telegram takes as a photo; a GIF is an animation.
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})

# No format is meant to hold more; nor does a column of PostgreSQL's.
_MAX_SIDE = 2**31 - 1
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def picture_type(content: bytes) -> str:
    """The media type of a picture that browsers show and that cannot carry a script; empty if it is none.

    Args:
        content: its first 16 bytes will do.
    """
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
    """Width and height in pixels of a PNG, JPEG, GIF or WebP picture; None when that cannot be read."""
    try:
        size = _size(content)
    except struct.error:
        return None
    return size if size and 0 < min(size) <= max(size) <= _MAX_SIDE else None


def fits_as_photo(content: bytes) -> bool:
    """Whether Telegram takes a picture of that size as a photo; if it cannot be read, Telegram will say."""
    if len(content) > MAX_PHOTO_BYTES:
        return False
    size = picture_size(content)
    return size is None or (sum(size) <= _MAX_SIDES and max(size) <= _MAX_RATIO * min(size))


def _size(content: bytes) -> tuple[int, int] | None:
    match picture_type(content):
        case "image/png":
            return struct.unpack(">II", content[16:24])
        case "image/gif":
            return struct.unpack("<HH", content[6:10])
        case "image/jpeg":
            return _jpeg_size(content)
        case "image/webp":
            return _webp_size(content)
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
