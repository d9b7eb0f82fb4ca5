from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
)
from telegram.error import BadRequest

from telegrambot.sandbox import people
from telegrambot.sandbox.models import SandboxCallback, SandboxChat, SandboxMessage
from telegrambot.sandbox.tests.conftest import RealBot
from telegrambot.sandbox.tests.factories import PNG, ChatFactory, MessageFactory

BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Save", callback_data="save:1")]])


@pytest.fixture
def chat(transactional_db: None) -> SandboxChat:
    return ChatFactory.create()


@pytest.fixture
def said(chat: SandboxChat) -> SandboxMessage:
    return MessageFactory.create(chat=chat, text="Before", reply_markup=BUTTONS.to_dict())


def test_a_text_is_edited_and_loses_its_buttons(
    bot: RealBot, chat: SandboxChat, said: SandboxMessage
) -> None:
    edited = bot(lambda b: b.edit_message_text("<u>After</u>", chat.pk, said.pk, parse_mode="HTML"))

    assert edited.text == "After"
    assert edited.entities[0].type == "underline"
    assert edited.edit_date
    assert edited.reply_markup is None
    seen_revision = said.revision
    said.refresh_from_db()
    assert said.revision > seen_revision


def test_the_same_again_is_not_modified(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    with pytest.raises(BadRequest, match="Message is not modified"):
        bot(lambda b: b.edit_message_text("Before", chat.pk, said.pk, reply_markup=BUTTONS))
    with pytest.raises(BadRequest, match="Message is not modified"):
        bot(lambda b: b.edit_message_reply_markup(chat.pk, said.pk, reply_markup=BUTTONS))


def test_only_buttons_can_be_changed(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    edited = bot(lambda b: b.edit_message_reply_markup(chat.pk, said.pk))

    assert edited.reply_markup is None
    assert edited.text == "Before"
    assert edited.edit_date is None


def test_what_is_not_there_cannot_be_edited(bot: RealBot, chat: SandboxChat) -> None:
    elsewhere = MessageFactory.create()
    theirs = MessageFactory.create(chat=chat, sender=chat.person)
    photo = bot(lambda b: b.send_photo(chat.pk, PNG, caption="Look"))

    for message_id, complaint in (
        (elsewhere.pk, "Message to edit not found"),
        (theirs.pk, "Message can't be edited"),
        (photo.message_id, "There is no text in the message to edit"),
    ):
        with pytest.raises(BadRequest, match=complaint):
            bot(partial(Bot.edit_message_text, text="x", chat_id=chat.pk, message_id=message_id))
    assert bot.refusal("editMessageText", {"chat_id": chat.pk, "text": "x"}) == (
        "Bad Request: message identifier is not specified"
    )
    assert bot.refusal("editMessageText", {"message_id": 1, "text": "x"}) == "Bad Request: chat_id is empty"
    keyboard = {"force_reply": True}
    parameters = {"chat_id": chat.pk, "message_id": photo.message_id, "reply_markup": keyboard}
    assert "inline keyboard expected" in bot.refusal("editMessageReplyMarkup", parameters)


def test_a_caption_is_edited(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    photo = bot(lambda b: b.send_photo(chat.pk, PNG, caption="Before"))

    assert (
        bot(lambda b: b.edit_message_caption(chat.pk, photo.message_id, caption="After")).caption == "After"
    )
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        bot(lambda b: b.edit_message_caption(chat.pk, said.pk, caption="After"))


def test_a_photo_is_replaced_by_an_upload(bot: RealBot, chat: SandboxChat) -> None:
    photo = bot(lambda b: b.send_photo(chat.pk, PNG))
    new = InputMediaDocument(b"text", filename="notes.txt", caption="New")

    edited = bot(lambda b: b.edit_message_media(new, chat.pk, photo.message_id))
    assert edited.document
    assert edited.document.file_name == "notes.txt"
    assert edited.caption == "New"
    with pytest.raises(BadRequest, match=r"(?i)wrong file identifier"):
        bot(lambda b: b.edit_message_media(InputMediaPhoto("unknown"), chat.pk, photo.message_id))


def test_deleting_works_once(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    assert bot(lambda b: b.delete_message(chat.pk, said.pk))

    with pytest.raises(BadRequest, match="Message to delete not found"):
        bot(lambda b: b.delete_message(chat.pk, said.pk))
    with pytest.raises(BadRequest, match="Message to edit not found"):
        bot(lambda b: b.edit_message_text("x", chat.pk, said.pk))
    said.refresh_from_db()
    assert said.text == ""


def test_old_messages_stay(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    SandboxMessage.objects.update(sent_at=timezone.now() - timedelta(hours=49))

    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        bot(lambda b: b.delete_message(chat.pk, said.pk))
    assert bot(lambda b: b.delete_messages(chat.pk, [said.pk]))
    said.refresh_from_db()
    assert said.deleted_at is None


def test_many_are_deleted_at_once_and_strangers_skipped(bot: RealBot, chat: SandboxChat) -> None:
    ours = MessageFactory.create_batch(2, chat=chat)
    foreign = MessageFactory.create()

    assert bot(lambda b: b.delete_messages(chat.pk, [*(row.pk for row in ours), foreign.pk]))
    assert [row.pk for row in SandboxMessage.objects.filter(deleted_at=None)] == [foreign.pk]
    for ids in ("[]", "x", '["a"]', str([1] * 101)):
        assert "message id" in bot.refusal("deleteMessages", {"chat_id": chat.pk, "message_ids": ids})


def test_a_pressed_button_is_answered(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    people.press(chat.person, said.pk, 0, 0)  # type: ignore[arg-type]

    query = bot(lambda b: b.get_updates())[0].callback_query
    assert query
    assert query.message
    assert (query.data, query.message.message_id, query.from_user.id) == ("save:1", said.pk, chat.pk)
    assert bot(lambda b: b.answer_callback_query(query.id, "Saved", show_alert=True))

    stored = SandboxCallback.objects.get(pk=int(query.id))
    assert (stored.answer, stored.is_alert) == ("Saved", True)
    chat.refresh_from_db()
    assert stored.revision == chat.revision


@pytest.mark.parametrize("age", [timedelta(seconds=151), None])
def test_an_old_or_unknown_query_is_too_old(
    bot: RealBot, chat: SandboxChat, said: SandboxMessage, age: timedelta | None
) -> None:
    query = people.press(chat.person, said.pk, 0, 0)  # type: ignore[arg-type]
    if age:
        SandboxCallback.objects.update(pressed_at=timezone.now() - age)

    with pytest.raises(
        BadRequest, match="Query is too old and response timeout expired or query id is invalid"
    ):
        bot(lambda b: b.answer_callback_query(str(query.pk) if age else "4711"))


def test_an_answer_has_200_characters(bot: RealBot, chat: SandboxChat, said: SandboxMessage) -> None:
    query = people.press(chat.person, said.pk, 0, 0)  # type: ignore[arg-type]

    with pytest.raises(BadRequest, match=r"(?i)MESSAGE_TOO_LONG"):
        bot(lambda b: b.answer_callback_query(str(query.pk), "x" * 201))


def test_command_menus_are_kept_per_scope_and_language(bot: RealBot, chat: SandboxChat) -> None:
    english, russian = [BotCommand("help", "Help")], [BotCommand("help", "Помощь")]
    own = BotCommandScopeChat(chat.pk)
    bot(lambda b: b.set_my_commands(english))
    bot(lambda b: b.set_my_commands(russian, language_code="ru"))
    bot(lambda b: b.set_my_commands([BotCommand("grant", "Roles")], scope=own))

    assert bot(lambda b: b.get_my_commands()) == tuple(english)
    assert bot(lambda b: b.get_my_commands(language_code="ru")) == tuple(russian)
    assert bot(lambda b: b.get_my_commands(scope=own))[0].command == "grant"
    assert bot(lambda b: b.get_my_commands(scope=BotCommandScopeAllPrivateChats())) == ()
    assert bot(lambda b: b.delete_my_commands(scope=own))
    assert bot(lambda b: b.get_my_commands(scope=own)) == ()
    assert bot(lambda b: b.set_my_commands([]))
    assert bot(lambda b: b.get_my_commands()) == ()


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"commands": [{"command": "Nope!", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "ok", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [{"command": "ok", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": "x"}, "can't parse commands"),
        ({"commands": {}}, "expected an Array"),
        ({"commands": ["x"]}, "expected an Object"),
        ({"commands": [], "scope": {"type": "galaxy"}}, "unsupported type"),
        ({"commands": [], "scope": {"type": "chat"}}, "chat or user is missing"),
        ({"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        ({"commands": [], "language_code": "klingon"}, "invalid language code"),
    ],
)
def test_wrong_commands_are_refused(bot: RealBot, parameters: dict[str, Any], complaint: str) -> None:
    assert complaint in bot.refusal("setMyCommands", parameters)
