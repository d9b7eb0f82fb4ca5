"""editMessageText, …Caption, …Media, …ReplyMarkup; deleteMessage, deleteMessages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from telegrambot.sandbox import channels, said, wire
from telegrambot.sandbox.api import access
from telegrambot.sandbox.api.call import Call, visible_message
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.api.formatting import caption, message_text
from telegrambot.sandbox.api.keyboards import reply_markup
from telegrambot.sandbox.api.sending import input_media
from telegrambot.sandbox.models import SandboxChat, SandboxMessage

DELETABLE_FOR = timedelta(hours=48)
DELETE_LIMIT = 100


def edit_message_text(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#editmessagetext"""
    given = call.parameters
    with transaction.atomic():
        message = _own_message(call)
        text = message_text(given.text("text"), given.text("parse_mode"), given.json("entities"))
        if message.file:
            raise BadRequest("there is no text in the message to edit")
        return _changed(call, message, text=text.text, entities=text.entities)


def edit_message_caption(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#editmessagecaption"""
    given = call.parameters
    with transaction.atomic():
        message = _own_message(call)
        text = caption(given.text("caption"), given.text("parse_mode"), given.json("caption_entities"))
        if not message.file:
            raise BadRequest("there is no caption in the message to edit")
        return _changed(call, message, text=text.text, entities=text.entities)


def edit_message_media(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#editmessagemedia"""
    file, text = input_media(call, call.parameters.json("media"))
    with transaction.atomic():
        message = _own_message(call)
        return _changed(call, message, file=file, text=text.text, entities=text.entities)


def edit_message_reply_markup(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#editmessagereplymarkup"""
    with transaction.atomic():
        return _changed(call, _own_message(call))


def delete_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemessage"""
    with transaction.atomic():
        message = call.message(verb="delete")
        if not _may_delete(message) or message.sent_at < timezone.now() - DELETABLE_FOR:
            raise BadRequest("message can't be deleted for everyone")
        said.erase(message)
    return True


def delete_messages(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemessages"""
    ids = message_ids(call)
    with transaction.atomic():
        chat = call.chat()
        for message_id in ids:
            message = visible_message(chat, message_id)
            # Those that cannot be deleted are skipped.
            if message and _may_delete(message) and message.sent_at >= timezone.now() - DELETABLE_FOR:
                said.erase(message)
    return True


def message_ids(call: Call) -> list[int]:
    """`message_ids`: 1 to 100 of them.

    Raises:
        BadRequest: they are something else.
    """
    ids = call.parameters.json("message_ids")
    if not isinstance(ids, list) or not all(isinstance(item, int) for item in ids):
        raise BadRequest("can't parse message identifiers JSON object")
    if not ids:
        raise BadRequest("message identifiers are not specified")
    if len(ids) > DELETE_LIMIT:
        raise BadRequest("too many message identifiers specified")
    return ids


def _own_message(call: Call) -> SandboxMessage:
    message = call.message(verb="edit")
    connection = call.connection()
    if connection is not None:
        access.check_right(connection, "can_reply")
    # In a channel an administrator edits everybody's posts: there is no telling them apart.
    if not message.is_from_bot and message.chat.kind != SandboxChat.Kind.CHANNEL:
        raise BadRequest("message can't be edited")
    return message


def _may_delete(message: SandboxMessage) -> bool:
    """A bot deletes its own, what people wrote to it in private, and as an administrator everything.

    https://core.telegram.org/bots/api#deletemessage
    """
    chat = message.chat
    is_admin = chat.bot_status == SandboxChat.BotStatus.ADMINISTRATOR
    return message.is_from_bot or chat.kind == SandboxChat.Kind.PRIVATE or is_admin


def _changed(call: Call, message: SandboxMessage, **changes: Any) -> wire.Json:
    # An edit without reply_markup takes the buttons away.
    changes["reply_markup"] = reply_markup(call.parameters.json("reply_markup"), inline_only=True)
    if all(getattr(message, name) == value for name, value in changes.items()):
        raise BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    only_buttons = set(changes) == {"reply_markup"}
    for name, value in changes.items():
        setattr(message, name, value)
    if not only_buttons:
        message.edited_at = timezone.now()
    message.revision = message.chat.moved()
    message.save()
    copies = channels.repeat_edit(message)
    for copy in copies:
        said.tell_bot(copy, edited=True)
    return wire.message(message, call.bot)
