from __future__ import annotations

import struct

import pytest

from telegrambot.sandbox.files import picture_size, store
from telegrambot.sandbox.tests.factories import PNG

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
        (PNG, (2, 1)),
        (JPEG, (40, 30)),
        (GIF, (5, 6)),
        (WEBP + b"VP8X" + b"\x00" * 8 + b"\x09\x00\x00\x13\x00\x00", (10, 20)),
        (WEBP + b"VP8L" + b"\x00" * 4 + b"\x2f" + struct.pack("<I", 9 | 19 << 14), (10, 20)),
        (WEBP + b"VP8 " + b"\x00" * 10 + struct.pack("<HH", 10, 20), (10, 20)),
        (WEBP + b"????", None),
        (PNG[:18], None),
        (JPEG[:12], None),
        (b"", None),
        (b"<svg onload=alert(1)>", None),
    ],
)
def test_sizes_of_pictures(content: bytes, size: tuple[int, int] | None) -> None:
    assert picture_size(content) == size


def test_a_stored_photo_forgets_its_name(db: None) -> None:
    photo = store(kind="photo", name="me.png", mime_type="image/png", content=PNG)
    document = store(kind="document", name="a\x00b.tar.gz", mime_type="x/y", content=b"x")

    assert (photo.name, photo.width, photo.height, photo.size) == ("", 2, 1, len(PNG))
    assert (str(document), document.path) == ("ab.tar.gz", f"documents/file_{document.pk}.gz")
    assert str(photo) == photo.path
