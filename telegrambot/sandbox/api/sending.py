"""sendMessage, sendPhoto, sendVideo, sendDocument, sendMediaGroup, sendChatAction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from telegrambot.engine.formatted_text import FormattedText
from telegrambot.sandbox import channels, limits, said, wire
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.api.call import Call, visible_message
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.api.formatting import caption, message_text
from telegrambot.sandbox.api.keyboards import reply_markup
from telegrambot.sandbox.api.media import given_file, parameter_file
from telegrambot.sandbox.models import SandboxChat, SandboxFile, SandboxMessage

ALBUM_LIMIT = 10
ACTION_SECONDS = 5
_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def send_message(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#sendmessage"""
    given = call.parameters
    with transaction.atomic():
        chat = call.open_chat()
        text = message_text(given.text("text"), given.text("parse_mode"), given.json("entities"))
        return _said(call, chat, text)


def send_photo(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#sendphoto"""
    return _send_file(call, SandboxFile.Kind.PHOTO)


def send_video(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#sendvideo"""
    return _send_file(call, SandboxFile.Kind.VIDEO)


def send_document(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#senddocument"""
    return _send_file(call, SandboxFile.Kind.DOCUMENT)


def _send_file(call: Call, kind: str) -> wire.Json:
    file = parameter_file(call, kind)
    given = call.parameters
    with transaction.atomic():
        chat = call.open_chat()
        text = caption(given.text("caption"), given.text("parse_mode"), given.json("caption_entities"))
        return _said(call, chat, text, file)


def _said(call: Call, chat: SandboxChat, text: FormattedText, file: SandboxFile | None = None) -> wire.Json:
    markup = reply_markup(call.parameters.json("reply_markup"))
    reply_to = _reply_to(call, chat)
    limits.spend(call.bot, chat)
    message = _add(chat, text, reply_to, file=file, reply_markup=markup)
    return wire.message(message, call.bot)


def _add(
    chat: SandboxChat, text: FormattedText, reply_to: SandboxMessage | None, **content: Any
) -> SandboxMessage:
    # What the bot was doing (typing) ends with the message.
    chat.action_until = None
    message = said.say(
        chat, "action_until", text=text.text, entities=text.entities, reply_to=reply_to, **content
    )
    for copy in channels.forward(message):
        said.tell_bot(copy)
    return message


def send_media_group(call: Call) -> list[wire.Json]:
    """https://core.telegram.org/bots/api#sendmediagroup"""
    album = [input_media(call, item) for item in _album_items(call)]
    kinds = {file.kind for file, _ in album}
    if SandboxFile.Kind.DOCUMENT in kinds and len(kinds) > 1:
        raise BadRequest("Document can't be mixed with other media types")
    with transaction.atomic():
        chat = call.open_chat()
        reply_to = _reply_to(call, chat)
        limits.spend(call.bot, chat, messages=len(album))
        album_id = said.album_id()
        messages = [_add(chat, text, reply_to, file=file, album=album_id) for file, text in album]
        return [wire.message(message, call.bot) for message in messages]


def _album_items(call: Call) -> list[Any]:
    items = call.parameters.json("media")
    if not isinstance(items, list):
        raise BadRequest("can't parse media JSON object")
    if not items:
        raise BadRequest("there are no messages to send")
    if len(items) > ALBUM_LIMIT:
        raise BadRequest("too many messages to send as an album")
    return items


def input_media(call: Call, item: Any) -> tuple[SandboxFile, FormattedText]:
    """The file and caption of an InputMedia object.

    Raises:
        BadRequest: it is none, or of a type the sandbox does not know.
    """
    if not isinstance(item, dict):
        raise BadRequest("can't parse InputMedia: expected an Object")
    kind = str(item.get("type", "")).lower()
    if kind not in SandboxFile.Kind.values:
        raise BadRequest(f"can't parse InputMedia: type '{kind}' is unsupported")
    file = given_file(call, item.get("media"), kind)
    written = str(item.get("caption") or "")
    return file, caption(written, str(item.get("parse_mode") or ""), item.get("caption_entities"))


def send_chat_action(call: Call) -> bool:
    """https://core.telegram.org/bots/api#sendchataction"""
    action = call.parameters.text("action")
    if action not in _ACTIONS:
        raise BadRequest("wrong parameter action in request")
    with transaction.atomic():
        chat = call.open_chat()
        chat.action = action
        chat.action_until = timezone.now() + timedelta(seconds=ACTION_SECONDS)
        chat.save(update_fields=["action", "action_until"])
        announce("chat", chat.pk)
    return True


def _reply_to(call: Call, chat: SandboxChat) -> SandboxMessage | None:
    options = call.parameters.json("reply_parameters") or {}
    if not isinstance(options, dict):
        raise BadRequest("can't parse reply parameters JSON object")
    message_id = options.get("message_id") or call.parameters.integer("reply_to_message_id")
    if not message_id:
        return None
    message = visible_message(chat, message_id)
    optional = options.get("allow_sending_without_reply") or call.parameters.flag(
        "allow_sending_without_reply"
    )
    if message is None and not optional:
        raise BadRequest("message to be replied not found")
    return message
