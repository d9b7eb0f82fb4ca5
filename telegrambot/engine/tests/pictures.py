"""Pictures for tests."""

from __future__ import annotations

import struct


def png(width: int = 2, height: int = 1, *, more: int = 0) -> bytes:
    """The beginning of a PNG picture of that size, and `more` bytes behind it."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(more)


# What Telegram refuses as a photo, by what is wrong with it.
UNFIT = {"sides": png(4000, 6001), "ratio": png(30, 601), "size": png(more=10 * 1024 * 1024)}
