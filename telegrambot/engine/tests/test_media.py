"""Files of messages for operators: fetched once, bounded, safe to look at, for those who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine import media
from telegrambot.engine.exceptions import MediaGone, MediaTooLarge, MediaUnavailable
from telegrambot.engine.models import FetchedMedia, Message, OutgoingFile
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.incoming import said, store
from telegrambot.engine.tests.scripted_api import DROP, TOKEN, Answer, ScriptedApi, refusal
from telegrambot.engine.tests.serving import served

pytestmark = pytest.mark.django_db

JPEG = b"\xff\xd8\xff\xe0 a picture"
PHOTO = {
    "photo": [
        {"file_id": "small", "file_unique_id": "s", "width": 9, "height": 9},
        {"file_id": "large", "file_unique_id": "l", "width": 90, "height": 90, "file_size": 5},
    ]
}


@pytest.fixture
def api(settings) -> Iterator[ScriptedApi]:
    scripted = ScriptedApi()
    scripted.files["photos/1.jpg"] = JPEG
    with served(scripted, settings):
        scripted.always["getFile"] = found("photos/1.jpg")
        yield scripted


def found(path: str, size: int = 5) -> Answer:
    return Answer({"file_id": "x", "file_unique_id": "x", "file_path": path, "file_size": size})


def photo() -> Message:
    store(said(None, 501, **PHOTO))
    return Message.objects.get()


def signed_in(client: Any, role: Role) -> Any:
    user: Any = UserFactory(is_staff=True)
    TelegramUser.objects.create(telegram_id=9_000, role=role, staff=user)
    client.force_login(user)
    return client


def address(message: Message, size: str = "thumbnail", position: int = 0) -> str:
    return reverse("admin:engine_message_media", args=[message.pk, position, size])


def asked(api: ScriptedApi) -> list[str]:
    return [call["file_id"] for call in api.of("getFile")]


def test_a_file_travels_once(api):
    message = photo()
    for _ in range(2):
        assert bytes(media.fetch(message, is_thumbnail=True).content) == JPEG
    assert asked(api) == ["small"]
    media.fetch(message, is_thumbnail=False)
    assert asked(api) == ["small", "large"]
    assert FetchedMedia.objects.count() == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), MediaGone),
        (refusal(400, "Bad Request: file is too big"), MediaGone),
        (refusal(502, "Bad Gateway"), MediaUnavailable),
        (refusal(401, "Unauthorized"), MediaUnavailable),
        (DROP, MediaUnavailable),
        (found("photos/1.jpg", size=media.MAX_BYTES + 1), MediaTooLarge),
        (found("photos/gone.jpg"), MediaUnavailable),
    ],
    ids=["unknown", "too big", "gateway", "token", "lost", "larger than allowed", "no such file"],
)
def test_what_cannot_be_fetched_is_told_and_not_kept(api, answer, error):
    message = photo()
    api.script("getFile", answer)
    with pytest.raises(error):
        media.fetch(message, is_thumbnail=False)
    assert not FetchedMedia.objects.exists()


def test_what_is_known_to_be_too_large_is_not_asked_for(api):
    message: Any = MessageFactory(
        direction="inbound", message_type="video", payload={"file_id": "v", "size": media.MAX_BYTES + 1}
    )
    with pytest.raises(MediaTooLarge):
        media.fetch(message, is_thumbnail=False)
    assert asked(api) == []


def test_a_chat_without_history_has_nothing_to_fetch(api):
    DialogFactory(person__telegram_id=501, keep_history=False)
    message = photo()
    assert media.files_of(message) == []
    with pytest.raises(MediaGone):
        media.fetch(message, is_thumbnail=False)
    assert asked(api) == []


def test_what_is_fetched_while_the_history_is_switched_off_is_not_kept(api):
    message = photo()
    message.dialog.__class__.objects.update(keep_history=False)
    assert bytes(media.fetch(message, is_thumbnail=False).content) == JPEG
    assert not FetchedMedia.objects.exists()


def test_files_that_the_bot_sent_are_shown_too(api):
    made = OutgoingFile.objects.create(name="a.jpg", content=JPEG)
    items = [
        {"kind": "photo", "file": str(made.pk), "name": "a.jpg"},
        {"kind": "photo", "url": "https://example.com/b.jpg"},
        {"kind": "document", "file_id": "known"},
    ]
    album: Any = MessageFactory(message_type="album", payload={"album": items})
    assert [file.position for file in media.files_of(album)] == [0, 2]
    assert bytes(media.fetch(album, position=0, is_thumbnail=False).content) == JPEG
    assert asked(api) == []
    media.fetch(album, position=2, is_thumbnail=False)
    assert asked(api) == ["known"]
    with pytest.raises(MediaGone):
        media.fetch(album, position=1, is_thumbnail=False)

    album.payload["files"] = [{}, {"file_id": "as sent", "thumbnail": {"file_id": "tiny"}}, {}]
    assert [(file.position, file.thumbnail_id) for file in media.files_of(album)] == [
        (0, ""),
        (1, "tiny"),
        (2, ""),
    ]


@pytest.mark.parametrize(
    ("content", "content_type", "is_inline"),
    [
        (JPEG, "image/jpeg", True),
        (b"\x89PNG\r\n\x1a\n...", "image/png", True),
        (b"GIF89a...", "image/gif", True),
        (b"RIFF1234WEBPVP8 ", "image/webp", True),
        (b"<html><script>alert(1)</script>", "application/octet-stream", False),
        (b"<svg onload='alert(1)'>", "application/octet-stream", False),
        (b"%PDF-1.7", "application/octet-stream", False),
        (b"", "application/octet-stream", False),
    ],
)
def test_only_pictures_are_shown_inside_the_admin(api, client, content, content_type, is_inline):
    api.files["photos/1.jpg"] = content
    answer = signed_in(client, Role.ADMIN).get(address(photo(), "file"))

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["Content-Disposition"].startswith("attachment") is not is_inline
    assert TOKEN not in str(answer.headers)


def test_a_file_keeps_its_name(api, client):
    api.files["photos/1.jpg"] = b"text"
    message: Any = MessageFactory(
        direction="inbound", message_type="document", payload={"file_id": "d", "name": "счёт\r\nX: 1.txt"}
    )
    answer = signed_in(client, Role.ADMIN).get(address(message, "file"))
    assert "\r" not in answer.headers["Content-Disposition"]
    assert "filename*=utf-8''" in answer.headers["Content-Disposition"]


def test_what_is_gone_says_so(api, client):
    message = photo()
    api.script("getFile", refusal(400, "Bad Request: wrong file_id"))
    answer = signed_in(client, Role.ADMIN).get(address(message))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert "not available" in answer.content.decode()
    api.script("getFile", DROP)
    assert client.get(address(message)).status_code == 502
    assert client.get(address(message, "secret")).status_code == 404
    assert client.get(address(message, position=7)).status_code == 404


def test_who_may_not_read_messages_gets_no_file(api, client):
    message = photo()
    media.fetch(message, is_thumbnail=True)
    assert client.get(address(message)).status_code == 302
    assert signed_in(client, Role.SUBSCRIBER).get(address(message)).status_code in {302, 403}
    assert JPEG not in client.get(address(message)).content


def test_a_conversation_shows_pictures_and_links_files(client):
    message = photo()
    document: Any = MessageFactory(
        dialog=message.dialog,
        direction="inbound",
        message_type="document",
        payload={"file_id": "d", "name": "<b>.pdf"},
    )
    page = signed_in(client, Role.ADMIN).get(reverse("admin:engine_dialog_change", args=[message.dialog.pk]))
    text = page.content.decode()
    assert f'<img loading="lazy" src="{address(message)}"' in text
    assert f'href="{address(message, "file")}"' in text
    assert f'<a class="sb-file" href="{address(document, "file")}">&lt;b&gt;.pdf</a>' in text
