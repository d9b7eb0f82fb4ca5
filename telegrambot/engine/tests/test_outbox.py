"""From a view's reply to queued messages: split, buttoned, once, and told of at the commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from telegrambot.engine import outbox
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.outbox import Draft
from telegrambot.engine.replies import Button, Document, Photo, Reply, Upload
from telegrambot.engine.splitting import MAX_CAPTION, MAX_TEXT, length
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory

pytestmark = pytest.mark.django_db

SITE = Button("Site", url="https://example.org/")
SITE_DATA = [[{"text": "Site", "url": "https://example.org/"}]]


def drafts(reply: Reply, **values: Any) -> list[Draft]:
    return outbox.drafts(reply, **{"dialog_id": 1, "person_id": None, "origin": "update:1"} | values)


def test_a_long_text_is_split_and_the_buttons_are_below_its_last_part() -> None:
    paragraphs = "\n\n".join("слово " * 100 for _ in range(20))
    found = drafts(Reply(paragraphs, buttons=[[SITE]]))
    assert len(found) > 2
    assert all(0 < length(draft.text) <= MAX_TEXT for draft in found)
    assert "".join("".join(draft.text for draft in found).split()) == "".join(paragraphs.split())
    assert [draft.payload.get("buttons") for draft in found] == [None] * (len(found) - 1) + [SITE_DATA]


def test_a_press_edits_the_screen_and_only_the_first_part_does() -> None:
    found = drafts(Reply("x" * (MAX_TEXT + 1)), target_id=7)
    assert [(draft.operation, draft.target_id) for draft in found] == [("edit", 7), ("send", None)]


def test_media_after_a_press_are_a_message_of_their_own() -> None:
    (found,) = drafts(Reply("caption", media=Photo("AgAC")), target_id=7)
    assert (found.operation, found.target_id) == ("send", None)
    assert (found.message_type, found.text) == ("photo", "caption")
    assert found.payload == {"media": {"kind": "photo", "file_id": "AgAC"}}


def test_a_text_too_long_for_a_caption_follows_the_photo_and_has_the_buttons() -> None:
    photo, text = drafts(
        Reply("x" * (MAX_CAPTION + 1), media=Photo("https://example.org/a.jpg"), buttons=[[SITE]])
    )
    assert (photo.text, photo.payload) == (
        "",
        {"media": {"kind": "photo", "url": "https://example.org/a.jpg"}},
    )
    assert text.message_type == "text"
    assert text.payload == {"buttons": SITE_DATA}


def test_an_upload_is_kept_until_it_is_sent_and_forgotten_later() -> None:
    (found,) = drafts(Reply(media=Document(Upload("plan.txt", b"content"))))
    stored = OutgoingFile.objects.get(pk=found.payload["media"]["file"])
    assert (bytes(stored.content), stored.name) == (b"content", "plan.txt")
    assert outbox.forget_files(timedelta(days=1)) == 0
    OutgoingFile.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert outbox.forget_files(timedelta(days=1)) == 1


def test_a_file_that_an_app_still_needs_is_not_forgotten(monkeypatch) -> None:
    needed, other = (OutgoingFile.objects.create(name=name, content=b"x") for name in ("a", "b"))
    OutgoingFile.objects.update(created_at=timezone.now() - timedelta(days=2))
    monkeypatch.setattr(outbox, "_needed_files", [])
    outbox.keep_files(lambda: OutgoingFile.objects.filter(name="a").values("pk"))

    assert outbox.forget_files(timedelta(days=1)) == 1

    assert list(OutgoingFile.objects.all()) == [needed]
    assert other not in OutgoingFile.objects.all()


@pytest.mark.parametrize(("count", "sizes"), [(2, [2]), (10, [10]), (11, [6, 5]), (21, [7, 7, 7])])
def test_more_media_than_an_album_holds_make_several_albums(count, sizes) -> None:
    found = drafts(Reply("text", media=[Photo(f"file{n}") for n in range(count)]))
    albums = [draft for draft in found if draft.message_type == "album"]
    assert [len(draft.payload["album"]) for draft in albums] == sizes
    assert [item["file_id"] for draft in albums for item in draft.payload["album"]] == [
        f"file{n}" for n in range(count)
    ]
    assert found[-1].text == "text"


def test_buttons_cannot_get_lost_below_an_album() -> None:
    album = [Photo("a"), Photo("b")]
    with pytest.raises(ValueError, match="no buttons below an album"):
        drafts(Reply(media=album, buttons=[[SITE]]))
    assert drafts(Reply("text", media=album, buttons=[[SITE]]))[-1].payload == {"buttons": SITE_DATA}


def test_a_reply_without_words_says_nothing() -> None:
    assert drafts(Reply(), target_id=7) == []
    assert drafts(Reply(" \n "), target_id=7) == []


def test_texts_are_translated_when_they_are_queued() -> None:
    label = gettext_lazy("Yes")
    with override("ru"):
        (found,) = drafts(Reply(label, buttons=[[Button(label, url="https://example.org/")]]))
        assert found.text == str(label)
    assert found.payload["buttons"][0][0]["text"] == found.text


def test_queueing_keeps_the_order_and_the_details(settings) -> None:
    settings.ANSWERS_EXPIRE_AFTER_MINUTES = 10
    dialog: Any = DialogFactory()
    known = {"dialog_id": dialog.pk, "person_id": dialog.person_id, "origin": "update:9"}
    keys = outbox.queue(outbox.drafts(Reply("x" * MAX_TEXT * 3, buttons=[[SITE]]), **known))
    messages = list(Message.objects.order_by("pk"))
    assert keys == sorted(keys) == [message.pk for message in messages]
    assert len(keys) == 3
    last = messages[-1]
    assert (last.status, last.direction, last.priority) == ("queued", "outbound", Priority.ANSWER)
    assert (last.dialog, last.person, last.origin) == (dialog, dialog.person, "update:9")
    assert last.payload == {"buttons": SITE_DATA}
    assert 0 <= (timezone.now() - last.not_before).total_seconds() < 60
    assert 9 < (last.expires_at - timezone.now()).total_seconds() / 60 <= 10


def test_queueing_nothing_costs_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert outbox.queue([]) == []


@pytest.mark.parametrize(("is_kept", "statements"), [(True, 2), (None, 3)])
def test_queueing_takes_as_many_statements_however_many_there_are(
    is_kept, statements, django_assert_num_queries
) -> None:
    dialog: Any = DialogFactory()
    many = [Draft(dialog.pk, dialog.person_id, str(n), is_kept=is_kept) for n in range(100)]
    with django_assert_num_queries(statements):
        assert len(outbox.queue(many)) == 100


def test_a_message_with_a_known_key_is_not_queued_again() -> None:
    dialog: Any = DialogFactory()
    first = Draft(dialog.pk, None, "first", dedupe_key="k")
    again = Draft(dialog.pk, None, "again", dedupe_key="k")
    other = Draft(dialog.pk, None, "other", dedupe_key="l")
    assert len(outbox.queue([first, again])) == 1
    assert len(outbox.queue([again, other])) == 1
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["first", "other"]


def test_a_key_that_is_too_long_is_refused() -> None:
    dialog: Any = DialogFactory()
    with pytest.raises(DataError), transaction.atomic():
        outbox.queue([Draft(dialog.pk, None, "x", dedupe_key="k" * 151)])


def test_saying_is_once_with_all_its_parts_and_never_expires() -> None:
    dialog: Any = DialogFactory()
    known = {"dialog_id": dialog.pk, "person_id": dialog.person_id, "priority": Priority.NOTICE}
    said = outbox.say(Reply("x" * (MAX_TEXT + 1)), origin="failure", key="failure:1", **known)
    assert len(said) == 2
    assert outbox.say(Reply("y" * (MAX_TEXT + 1)), origin="failure", key="failure:1", **known) == []
    assert set(Message.objects.values_list("priority", "expires_at")) == {(Priority.NOTICE, None)}


def test_an_edit_points_to_its_target() -> None:
    target: Any = MessageFactory(external_message_id="5")
    (draft,) = drafts(Reply("new"), dialog_id=target.dialog_id, target_id=target.pk)
    (key,) = outbox.queue([draft])
    assert Message.objects.get(pk=key).target == target
