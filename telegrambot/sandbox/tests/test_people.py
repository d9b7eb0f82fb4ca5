from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from telegrambot.engine.tests.pictures import png
from telegrambot.sandbox import people
from telegrambot.sandbox.exceptions import (
    BotIsBlocked,
    ButtonGone,
    FileTooLarge,
    InvalidPerson,
    InvalidStartCode,
    MessageGone,
    MessageTooLong,
    NothingToSend,
    NotStarted,
    NotYourMessage,
    TooManyFiles,
)
from telegrambot.sandbox.files import MAX_BYTES
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)
from telegrambot.sandbox.tests.factories import PNG, ChatFactory, MessageFactory

pytestmark = pytest.mark.django_db


def queued() -> list[dict[str, Any]]:
    return [update.payload for update in SandboxUpdate.objects.all()]


def test_the_first_message_opens_the_chat(person: SandboxPerson) -> None:
    people.send_text(person, "  Hello\r\nthere ")

    assert SandboxChat.objects.get(person=person).telegram_id == person.telegram_id
    (update,) = queued()
    assert update["message"]["text"] == "Hello\nthere"


@pytest.mark.parametrize(("text", "error"), [(" \n", NothingToSend), ("x" * 4097, MessageTooLong)])
def test_a_wrong_text_is_not_sent(person: SandboxPerson, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        people.send_text(person, text)
    assert queued() == []


def test_the_start_button_and_deep_links(person: SandboxPerson) -> None:
    people.start(person)
    people.start(person, "guide_42")

    assert [update["message"]["text"] for update in queued()] == ["/start", "/start guide_42"]
    for code in ("two words", "x" * 65, "код"):
        with pytest.raises(InvalidStartCode):
            people.start(person, code)


@pytest.mark.parametrize(
    ("name", "content_type", "content", "as_document", "kind"),
    [
        ("a.png", "image/png", PNG, False, "photo"),
        ("a.png", "image/png", PNG, True, "document"),
        ("a.mp4", "video/mp4", b"x", False, "video"),
        ("a.txt", "text/plain", b"x", False, "document"),
        ("fake.png", "image/png", b"no picture", False, "document"),
        ("huge.png", "image/png", png(2**32 - 1, 5), False, "document"),
        ("long.png", "image/png", png(30, 601), False, "document"),
    ],
)
def test_files_are_sent_as_what_they_are(
    person: SandboxPerson, name: str, content_type: str, content: bytes, as_document: bool, kind: str
) -> None:
    upload = SimpleUploadedFile(name, content, content_type)

    people.send_album(person, [upload], "Look", as_document=as_document)

    (update,) = queued()
    assert update["message"]["caption"] == "Look"
    assert kind in update["message"]
    assert bytes(SandboxFile.objects.get().content) == content


def test_empty_and_huge_files_are_not_sent(person: SandboxPerson) -> None:
    with pytest.raises(NothingToSend):
        people.send_album(person, [SimpleUploadedFile("a", b"")])
    huge = SimpleUploadedFile("a", b"x")
    huge.size = MAX_BYTES + 1
    with pytest.raises(FileTooLarge, match="50 MB"):
        people.send_album(person, [huge])
    assert queued() == []
    assert not SandboxFile.objects.exists()


def test_own_texts_can_be_edited(person: SandboxPerson) -> None:
    message = people.send_text(person, "Before")
    theirs = MessageFactory.create(chat=message.chat)

    people.edit_text(person, message.pk, "After /help")
    people.edit_text(person, message.pk, "After /help")

    assert len(queued()) == 2
    edited = queued()[1]["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("After /help", message.pk)
    assert edited["edit_date"] >= edited["date"]
    with pytest.raises(NotYourMessage):
        people.edit_text(person, theirs.pk, "x")
    with pytest.raises(MessageGone):
        people.edit_text(person, 4711, "x")
    with pytest.raises(NothingToSend):
        people.edit_text(person, message.pk, " ")


def test_blocking_ends_the_conversation_until_it_is_unblocked(person: SandboxPerson) -> None:
    with pytest.raises(NotStarted):
        people.block(person)
    message = people.send_text(person, "Hello")
    people.block(person)
    people.block(person)

    for act in (
        lambda: people.send_text(person, "x"),
        lambda: people.edit_text(person, message.pk, "x"),
        lambda: people.press(person, message.pk, 0, 0),
    ):
        with pytest.raises(BotIsBlocked):
            act()
    people.unblock(person)
    people.send_text(person, "Again")

    assert [next(iter(update)) for update in queued()] == [
        "message",
        "my_chat_member",
        "my_chat_member",
        "message",
    ]
    blocked = queued()[1]["my_chat_member"]
    assert (blocked["old_chat_member"]["status"], blocked["new_chat_member"]["status"]) == (
        "member",
        "kicked",
    )
    assert blocked["new_chat_member"]["user"]["id"] == SandboxBot.objects.current().telegram_id


def test_only_buttons_that_are_there_can_be_pressed() -> None:
    chat = ChatFactory.create()
    rows = [[{"text": "Save", "callback_data": "save"}, {"text": "Site", "url": "https://x.org"}]]
    message = MessageFactory.create(chat=chat, reply_markup={"inline_keyboard": rows})

    query = people.press(chat.person, message.pk, 0, 0)  # type: ignore[arg-type]

    (update,) = queued()
    assert update["callback_query"]["id"] == str(query.pk)
    assert update["callback_query"]["data"] == "save"
    for row, column in ((0, 1), (0, 2), (1, 0)):
        with pytest.raises(ButtonGone):
            people.press(chat.person, message.pk, row, column)  # type: ignore[arg-type]
    with pytest.raises(MessageGone):
        people.press(chat.person, 4711, 0, 0)  # type: ignore[arg-type]


def test_a_new_person_has_an_id_of_their_own() -> None:
    person = people.add_person(first_name=" Нина ", username="@nina_1", language_code="ru")

    assert (person.first_name, person.username, person.language_code) == ("Нина", "nina_1", "ru")
    assert not SandboxChat.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {"first_name": " "},
        {"first_name": "x" * 65},
        {"first_name": "Nina", "last_name": "x" * 65},
        {"first_name": "Nina", "username": "no spaces"},
        {"first_name": "Nina", "language_code": "xx"},
    ],
)
def test_a_wrong_person_is_not_added(given: dict[str, str]) -> None:
    with pytest.raises(InvalidPerson):
        people.add_person(**given)
    assert not SandboxPerson.objects.exists()


def test_a_reply_carries_what_it_answers(person: SandboxPerson) -> None:
    chat = ChatFactory.create(person=person)
    said = MessageFactory.create(chat=chat, text="How are you?")
    foreign = MessageFactory.create()

    people.send_text(person, "Fine", reply_to=said.pk)

    (update,) = queued()
    assert update["message"]["reply_to_message"]["text"] == "How are you?"
    with pytest.raises(MessageGone):
        people.send_text(person, "Fine", reply_to=foreign.pk)
    assert len(queued()) == 1


def test_an_album_is_several_messages_with_one_id(person: SandboxPerson) -> None:
    def picture(name: str) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, PNG, content_type="image/png")

    people.send_album(person, [picture("a.png"), picture("b.png")], "Both")
    first, second = (update["message"] for update in queued())
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], second.get("caption")) == ("Both", None)
    assert "photo" in first
    assert "photo" in second

    # A picture beside a plain file is a plain file too, and one file alone is no album.
    people.send_album(person, [picture("c.png"), SimpleUploadedFile("d.txt", b"text")])
    people.send_album(person, [picture("e.png")])
    *_, document, text, alone = (update["message"] for update in queued())
    assert [message["document"]["file_name"] for message in (document, text)] == ["c.png", "d.txt"]
    assert "media_group_id" not in alone
    with pytest.raises(TooManyFiles):
        people.send_album(person, [picture("x.png")] * 11)
    with pytest.raises(NothingToSend):
        people.send_album(person, [])


def test_deleting_for_both_in_private(person: SandboxPerson) -> None:
    chat = ChatFactory.create(person=person)
    said = MessageFactory.create(chat=chat)
    own = people.send_text(person, "Oops")

    people.delete_message(person, said.pk)
    people.delete_message(person, own.pk)

    assert not SandboxMessage.objects.filter(deleted_at=None).exists()
    # Telegram does not tell bots of it.
    assert len(queued()) == 1
    with pytest.raises(MessageGone):
        people.delete_message(person, own.pk)
    with pytest.raises(MessageGone):
        people.delete_message(person, MessageFactory.create().pk)
