"""What pictures are, how large, and which of them Telegram takes as photos."""

from __future__ import annotations

import struct

import pytest

from telegrambot.engine.pictures import MAX_PHOTO_BYTES, fits_as_photo, picture_size
from telegrambot.engine.tests.pictures import UNFIT, png

JPEG = (
    b"\xff\xd8\xff\xe0"
    + struct.pack(">H", 4)
    + b"ab"
    + b"\xff\xc0"
    + struct.pack(">HBHH", 17, 8, 30, 40)
    + b"rest"
)
GIF = b"GIF89a" + struct.pack("<HH", 5, 6)
WEBP = b"RIFF????WEBP"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(2, 1), (2, 1)),
        (JPEG, (40, 30)),
        (GIF, (5, 6)),
        (WEBP + b"VP8X" + b"\x00" * 8 + b"\x09\x00\x00\x13\x00\x00", (10, 20)),
        (WEBP + b"VP8L" + b"\x00" * 4 + b"\x2f" + struct.pack("<I", 9 | 19 << 14), (10, 20)),
        (WEBP + b"VP8 " + b"\x00" * 10 + struct.pack("<HH", 10, 20), (10, 20)),
        (WEBP + b"????", None),
        (png()[:18], None),
        (png(2**31, 1), None),
        (png(0, 1), None),
        (JPEG[:12], None),
        (b"", None),
        (b"<svg onload=alert(1)>", None),
    ],
)
def test_sizes_of_pictures(content: bytes, size: tuple[int, int] | None) -> None:
    assert picture_size(content) == size


@pytest.mark.parametrize("content", [png(4000, 6000), png(600, 30), b"of no known size"])
def test_what_telegram_takes_as_a_photo(content: bytes) -> None:
    assert fits_as_photo(content.ljust(MAX_PHOTO_BYTES, b"\0"))


@pytest.mark.parametrize("content", UNFIT.values(), ids=UNFIT)
def test_what_telegram_refuses_as_a_photo(content: bytes) -> None:
    assert not fits_as_photo(content)
