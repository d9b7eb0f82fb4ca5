"""The linear history: everything said, by either side, with what it carries, as it was said and changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import full_text, history
from telegrambot.engine.admin import conversation
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.routing import Registry
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.incoming import (
    answers,
    drain,
    message,
    new_dispatcher,
    own_registry,
    person,
    said,
    store,
    update,
)
from telegrambot.engine.tests.scripted_api import ME

pytestmark = pytest.mark.django_db

PLACE = {"latitude": 1, "longitude": 2}
CONTACT = {"first_name": "Bo", "phone_number": "1"}
SMILE = {"file_id": "s", "emoji": "🙂"}


def edited(text: str, number: int, at: int, kind: str = "edited_message", **more: Any) -> dict[str, Any]:
    return update(kind, message(text, 501, message_id=number, date=1_700_000_000, edit_date=at, **more))


def in_business(text: str, number: int, sender: int = 60, **more: Any) -> dict[str, Any]:
    body = message(text, 60, message_id=number, business_connection_id="abc", **more)
    return update("business_message", body | {"from": person(sender)})


def engine_alone(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The program's views, without those who take what nobody else wants."""
    registry = own_registry(monkeypatch)
    registry.fallbacks.clear()
    registry.listeners.clear()
    return registry


def lines() -> list[tuple[str, str, str]]:
    rows = Message.objects.order_by("pk")
    return list(rows.values_list("direction", "operation", "text"))


def test_edits_are_kept_beside_what_they_change():
    store(said("first", 501, message_id=7))
    store(edited("second", 7, 1_700_000_100), edited("third", 7, 1_700_000_200))
    store(edited("third", 7, 1_700_000_200))

    original, *edits = Message.objects.order_by("pk")
    assert original.text == "first"
    assert [(edit.text, edit.target, edit.operation) for edit in edits] == [
        ("second", original, "edit"),
        ("third", original, "edit"),
    ]
    assert [edit.timestamp.timestamp() for edit in edits] == [1_700_000_100, 1_700_000_200]
    assert {edit.external_message_id for edit in edits} == {""}
    assert edits[0].origin == f"update:{InboundUpdate.objects.order_by('pk')[1].pk}"

    (bubble,) = conversation.read(Message.objects.all(), ("timestamp", "pk"), "").bubbles
    assert (bubble.text, bubble.first_text, bubble.is_edited) == ("third", "first", True)


def test_an_edit_in_the_batch_of_its_message_is_no_message_of_its_own():
    store(said("first", 501, message_id=7), edited("second", 7, 1_700_000_100))
    assert lines() == [("inbound", "send", "first"), ("inbound", "edit", "second")]


def test_an_edit_of_what_nobody_heard_is_the_first_that_is_known():
    store(edited("second", 7, 1_700_000_100))
    store(edited("third", 7, 1_700_000_200))
    assert lines() == [("inbound", "send", "second"), ("inbound", "edit", "third")]
    assert Message.objects.earliest("pk").external_message_id == "7"


def test_each_of_its_edits_is_kept_also_when_they_come_together():
    store(
        edited("changed", 7, 1_700_000_010),
        edited("another", 8, 1_700_000_011),
        edited("once more", 7, 1_700_000_012),
    )

    assert lines() == [
        ("inbound", "send", "changed"),
        ("inbound", "send", "another"),
        ("inbound", "edit", "once more"),
    ]
    assert Message.objects.get(operation="edit").target == Message.objects.get(text="changed")


def test_an_edit_is_never_answered(monkeypatch):
    heard = []
    registry = engine_alone(monkeypatch)
    registry.phrase("hello")(lambda request: heard.append(request))
    registry.overheard(heard.append)
    store(edited("hello", 7, 1_700_000_100))
    drain(new_dispatcher())

    (overheard,) = heard
    assert (overheard.kind, overheard.person.telegram_id) == ("edited_message", 501)
    assert overheard.body["text"] == "hello"
    assert answers() == []


def test_a_business_chat_has_two_sides_and_no_commands(monkeypatch):
    registry = engine_alone(monkeypatch)
    heard: list[Any] = []
    registry.fallback(lambda request: heard.append((request.person.telegram_id, request.text)))
    entity = {"entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    store(
        in_business("How much is <b>it</b>?", 1),
        in_business("1 < 2 & more", 2, sender=70),
        in_business("/help", 3, **entity),
        in_business("by the bot", 4, sender=70, sender_business_bot=ME),
    )
    drain(new_dispatcher())

    assert lines() == [
        ("inbound", "send", "How much is <b>it</b>?"),
        ("outbound", "send", "1 &lt; 2 &amp; more"),
        ("inbound", "send", "/help"),
    ]
    customer = TelegramUser.objects.get(telegram_id=60)
    dialog = Dialog.objects.get()
    assert (dialog.person, dialog.business_connection_id) == (customer, "abc")
    assert set(Message.objects.values_list("person__telegram_id", "status")) == {
        (60, "delivered"),
        (60, "sent"),
    }
    assert [who for who, _ in heard] == [60, 70, 60]
    assert answers() == ["1 &lt; 2 &amp; more"]


def test_deletions_in_business_chats_are_kept_as_such(monkeypatch):
    heard = []
    engine_alone(monkeypatch).overheard(lambda it: heard.append((it.kind, it.person)))
    store(in_business("one", 1), in_business("two", 2), said("mine", 60, message_id=1))
    gone = {"business_connection_id": "abc", "chat": {"id": 60, "type": "private"}, "message_ids": [1, 9]}
    store(update("deleted_business_messages", gone))
    store(update("deleted_business_messages", gone))
    drain(new_dispatcher())

    (deletion,) = Message.objects.filter(operation="delete")
    assert (deletion.target.text, deletion.dialog.business_connection_id) == ("one", "abc")
    assert heard == [("deleted_business_messages", None)] * 2
    said_there = Message.objects.filter(dialog__business_connection_id="abc")
    bubbles = conversation.read(said_there, ("timestamp", "pk"), "").bubbles
    assert [bubble.is_deleted for bubble in bubbles] == [True, False]


def test_a_connected_account_is_heard_of_in_its_owners_own_chat(monkeypatch):
    heard = []
    engine_alone(monkeypatch).overheard(heard.append)
    body = {"id": "abc", "user": person(70), "user_chat_id": 70, "date": 1, "is_enabled": True}
    store(update("business_connection", body))
    drain(new_dispatcher())

    (told,) = heard
    assert (told.dialog.telegram_dialog_id, told.dialog.is_private_with_bot) == ("70", True)
    assert told.person.telegram_id == 70
    assert not Message.objects.exists()


def test_groups_and_channels_are_kept_and_nobody_answers(monkeypatch):
    heard = []
    registry = engine_alone(monkeypatch)
    registry.overheard(lambda it: heard.append(it.kind))
    channel = {"id": -6, "type": "channel", "title": "News"}
    post = message("post", chat=channel, message_id=3)
    del post["from"]
    store(
        said("in a group", 501, chat={"id": -5, "type": "supergroup", "title": "Team"}),
        update("channel_post", post),
        update("edited_channel_post", post | {"text": "corrected", "edit_date": post["date"] + 9}),
        said(None, 501, chat={"id": -5, "type": "supergroup", "title": "Team"}, new_chat_title="Us"),
    )
    drain(new_dispatcher())

    assert [text for _, _, text in lines()] == ["in a group", "post", "", "corrected"]
    assert Message.objects.get(text="corrected").target == Message.objects.get(text="post")
    service = Message.objects.get(message_type="service")
    assert service.payload == {"service": "new_chat_title"}
    assert heard == ["channel_post", "edited_channel_post"]
    assert answers() == []


SMALL = {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 90, "file_size": 1000}
LARGE = {"file_id": "large", "file_unique_id": "l", "width": 900, "height": 900, "file_size": 90_000}
VIDEO = {
    "file_id": "v",
    "width": 10,
    "height": 10,
    "duration": 5,
    "mime_type": "video/mp4",
    "thumbnail": SMALL,
}


@pytest.mark.parametrize(
    ("content", "kind", "kept"),
    [
        (
            {"photo": [SMALL, LARGE]},
            "photo",
            {
                "file_id": "large",
                "name": "",
                "width": 900,
                "height": 900,
                "size": 90_000,
                "thumbnail": {"file_id": "small", "size": 1000},
            },
        ),
        (
            {
                "video": VIDEO | {"file_name": "a.mp4", "file_size": 7, "thumbnail": SMALL},
                "media_group_id": "5",
            },
            "video",
            {
                "file_id": "v",
                "name": "a.mp4",
                "mime_type": "video/mp4",
                "duration": 5,
                "width": 10,
                "height": 10,
                "size": 7,
                "thumbnail": {"file_id": "small", "size": 1000},
                "media_group_id": "5",
            },
        ),
        ({"video_note": {"file_id": "n"}}, "video_note", {"file_id": "n", "name": ""}),
        (
            {"sticker": {"file_id": "s", "emoji": "🙂"}},
            "sticker",
            {"file_id": "s", "name": "", "emoji": "🙂"},
        ),
        (
            {"location": {"latitude": 1.5, "longitude": 2.5}},
            "location",
            {"location": {"latitude": 1.5, "longitude": 2.5}},
        ),
        (
            {
                "venue": {"title": "Bar", "location": {"latitude": 1, "longitude": 2}},
                "location": {"latitude": 1},
            },
            "venue",
            {"venue": {"title": "Bar", "latitude": 1, "longitude": 2}},
        ),
        (
            {"contact": {"first_name": "Bo", "phone_number": "1"}},
            "contact",
            {"contact": {"first_name": "Bo", "phone_number": "1"}},
        ),
        (
            {"poll": {"question": "?", "type": "quiz", "options": [{"text": "a"}, {"text": "b"}]}},
            "poll",
            {"poll": {"question": "?", "type": "quiz", "options": ["a", "b"]}},
        ),
        ({"dice": {"emoji": "🎲", "value": 6}}, "dice", {"dice": {"emoji": "🎲", "value": 6}}),
        ({"story": {"id": 1}}, "story", {}),
        ({"new_chat_members": [{"first_name": "Bo"}]}, "service", {"service": "new_chat_members"}),
        ({"pinned_message": {"message_id": 4}}, "service", {"service": "pinned_message", "reply_to": 4}),
        ({"tomorrows_type": {"file_id": "x"}}, "other", {}),
    ],
)
def test_what_a_message_carries_is_kept(content, kind, kept):
    store(said(None, 501, **content))
    line = Message.objects.get()
    assert (line.message_type, line.payload) == (kind, kept)


def test_what_it_replies_to_is_kept():
    store(said("yes", 501, reply_to_message=message("really?", 501, message_id=3)))
    assert Message.objects.get().payload == {"reply_to": 3}


def test_the_language_is_kept_with_the_text():
    store(
        said("Hello, how are you?", 501),
        said("Привет", 501),
        said(None, 501, caption="Hola, gracias", photo=[SMALL]),
    )
    assert list(Message.objects.order_by("pk").values_list("language", flat=True)) == ["en", "ru", "other"]


def test_a_batch_costs_as_many_statements_as_one_update():
    def cost(*updates: dict[str, Any]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            store(*updates)
        return len(queries)

    def batch(first: int, count: int) -> list[dict[str, Any]]:
        numbers = range(first, first + count)
        return [said("x", 501, message_id=n) for n in numbers] + [
            edited("y", n, 1_700_000_100 + n) for n in numbers
        ]

    store(said("warm", 501))
    assert cost(said("x", 501)) == cost(*[said("x", 502 + n) for n in range(30)])
    assert cost(*batch(1000, 1)) == cost(*batch(2000, 30)) == cost(said("x", 501)) + 1


def test_the_newest_word_of_the_other_side_is_found():
    dialog: Any = DialogFactory()
    assert history.last_inbound(dialog.pk) is None
    newest: Any = MessageFactory.create_batch(3, dialog=dialog, direction="inbound", status="delivered")[-1]
    MessageFactory(dialog=dialog)
    assert history.last_inbound(dialog.pk) == newest.pk


def test_words_are_found_in_both_languages():
    dialog: Any = DialogFactory()
    found = {}
    for text in ("Сколько стоят ваши курсы?", "I have two questions about trading", "ничего"):
        found[text] = MessageFactory(dialog=dialog, text=text)
    MessageFactory(dialog=dialog, text="questions never sent", status="queued")
    MessageFactory(dialog=dialog, text="questions for everybody", priority=9)

    def texts(words: str) -> list[str]:
        return [row.text for row in full_text.matching(Message.objects.all(), words)]

    assert texts("курс") == ["Сколько стоят ваши курсы?"]
    assert texts("question") == texts('"two questions" -money') == ["I have two questions about trading"]
    assert texts("trade курс") == []


def test_searching_uses_its_index():
    rows = full_text.matching(Message.objects.all(), "курс")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "ix_message_search" in rows.explain()
