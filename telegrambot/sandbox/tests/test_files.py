from __future__ import annotations

from telegrambot.sandbox.files import store
from telegrambot.sandbox.tests.factories import PNG


def test_a_stored_photo_forgets_its_name(db: None) -> None:
    photo = store(kind="photo", name="me.png", mime_type="image/png", content=PNG)
    document = store(kind="document", name="a\x00b.tar.gz", mime_type="x/y", content=b"x")

    assert (photo.name, photo.width, photo.height, photo.size) == ("", 2, 1, len(PNG))
    assert (str(document), document.path) == ("ab.tar.gz", f"documents/file_{document.pk}.gz")
    assert str(photo) == photo.path
