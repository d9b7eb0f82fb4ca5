"""Talking: texts, files, albums, edits, deletions, pressed buttons, in every kind of chat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from telegrambot.engine.formatted_text import FormattedText, cleaned
from telegrambot.engine.pictures import fits_as_photo, picture_size
from telegrambot.sandbox import channels, files, said, updates, wire
from telegrambot.sandbox.api.formatting import MAX_CAPTION, MAX_TEXT
from telegrambot.sandbox.detection import detect
from telegrambot.sandbox.exceptions import (
    ButtonGone,
    FileTooLarge,
    InvalidStartCode,
    MessageTooLong,
    NothingToSend,
    NotYourMessage,
    TooManyFiles,
)
from telegrambot.sandbox.locks import message_in
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
)
from telegrambot.sandbox.people import chats

ALBUM_LIMIT = 10


@transaction.atomic
def send_text(
    person: SandboxPerson, text: str, *, chat: SandboxChat | None = None, reply_to: int | None = None
) -> SandboxMessage:
    """Say something. The text is taken as it is, never as markup.

    Args:
        chat: where; None is the private chat with the bot. In a channel it becomes a post.
        reply_to: the message (of this chat) that is answered.

    Raises:
        NothingToSend, MessageTooLong, BotIsBlocked, NotAMember, OnlyAdminsPost, MessageGone
    """
    written = _written(text, MAX_TEXT)
    if not written.text:
        raise NothingToSend
    return _sent(person, written, chat, reply_to)


@transaction.atomic
def send_album(
    person: SandboxPerson,
    uploads: Sequence[UploadedFile],
    caption: str = "",
    *,
    as_document: bool = False,
    chat: SandboxChat | None = None,
    reply_to: int | None = None,
) -> list[SandboxMessage]:
    """Send a picture, a video or any other file; two to ten become one album, the caption below the first.

    As in Telegram, plain files stand by themselves: beside one of them pictures are sent as plain files too.

    Args:
        as_document: also send what could be shown as a picture or video as a plain file.
        chat, reply_to: as for `send_text`.

    Raises:
        NothingToSend, TooManyFiles, FileTooLarge, MessageTooLong, BotIsBlocked, NotAMember, OnlyAdminsPost,
        MessageGone
    """
    if len(uploads) > ALBUM_LIMIT:
        raise TooManyFiles(limit=ALBUM_LIMIT)
    if not uploads:
        raise NothingToSend
    written = _written(caption, MAX_CAPTION)
    for upload in uploads:
        _check_size(upload)
    kinds = {_kind(upload, as_document=as_document) for upload in uploads}
    as_document = as_document or SandboxFile.Kind.DOCUMENT in kinds
    stored = [_stored(upload, as_document=as_document) for upload in uploads]
    album = said.album_id() if len(stored) > 1 else ""
    return [
        _sent(person, FormattedText() if place else written, chat, reply_to, file, album)
        for place, file in enumerate(stored)
    ]


def start(person: SandboxPerson, code: str = "") -> SandboxMessage:
    """Open the private chat by its Start button or by a deep link with a code.

    Raises:
        InvalidStartCode, BotIsBlocked
    """
    if code and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
        raise InvalidStartCode
    return send_text(person, f"/start {code}".strip())


@transaction.atomic
def edit_text(person: SandboxPerson, message_id: int, text: str) -> SandboxMessage:
    """Change one's own message; the copy of a changed post in the discussion group follows.

    Raises:
        NothingToSend, MessageTooLong, MessageGone, NotYourMessage, BotIsBlocked, NotAMember, OnlyAdminsPost
    """
    message = chats.message_for(person, message_id)
    chats.check_writing(person, message.chat)
    if message.sender_id != person.pk:
        raise NotYourMessage
    written = _written(text, MAX_CAPTION if message.file else MAX_TEXT)
    if not written.text and not message.file:
        raise NothingToSend
    if written.text == message.text:
        return message
    message.text, message.entities = written.text, written.entities
    message.edited_at = timezone.now()
    message.revision = message.chat.moved()
    message.save()
    copies = channels.repeat_edit(message)
    for row in (message, *copies):
        said.tell_bot(row, edited=True)
    return message


@transaction.atomic
def delete_message(person: SandboxPerson, message_id: int) -> None:
    """Delete a message for everybody: one's own; anybody's in a private or business chat, and as an admin.

    The bot learns of it only through a business account: https://core.telegram.org/bots/api#update

    Raises:
        MessageGone, NotYourMessage
    """
    message = chats.message_for(person, message_id)
    chat = message.chat
    is_between_two = chat.kind in {SandboxChat.Kind.PRIVATE, SandboxChat.Kind.BUSINESS}
    if message.sender_id != person.pk and not is_between_two and not chats.is_admin(person, chat):
        raise NotYourMessage
    said.erase(message)
    connection = wire.connection_of(chat)
    if connection is not None:
        content = wire.business_messages_deleted(chat, connection, [message.pk])
        updates.queue("deleted_business_messages", content)


@transaction.atomic
def press(person: SandboxPerson, message_id: int, row: int, column: int) -> SandboxCallback:
    """Press an inline button, given by its place below the message (both from 0).

    Raises:
        MessageGone, ButtonGone, BotIsBlocked
    """
    message = chats.message_for(person, message_id)
    if message.chat.kind == SandboxChat.Kind.PRIVATE:
        chats.check_writing(person, message.chat)
    try:
        data = message.buttons[row][column]["callback_data"]
    except (IndexError, KeyError):
        raise ButtonGone from None
    query = SandboxCallback.objects.create(chat=message.chat, message=message, person=person, data=data)
    updates.queue("callback_query", wire.callback_query(query, SandboxBot.objects.current()))
    return query


def _written(text: str, limit: int) -> FormattedText:
    # Browsers send line ends as CR LF.
    text = cleaned(text).strip()
    if len(text) > limit:
        raise MessageTooLong(limit=limit)
    return detect(FormattedText(text))


def _kind(upload: UploadedFile, *, as_document: bool) -> str:
    if as_document:
        return SandboxFile.Kind.DOCUMENT
    mime_type = upload.content_type or ""
    content = upload.read()
    upload.seek(0)
    # Telegram's clients scale down what is too large; here it goes as a file.
    if picture_size(content) and fits_as_photo(content) and mime_type != "image/gif":
        return SandboxFile.Kind.PHOTO
    return SandboxFile.Kind.VIDEO if mime_type == "video/mp4" else SandboxFile.Kind.DOCUMENT


def _check_size(upload: UploadedFile) -> None:
    if not upload.size:
        raise NothingToSend
    if upload.size > files.MAX_BYTES:
        raise FileTooLarge(limit=files.MAX_BYTES // 1024 // 1024)


def _stored(upload: UploadedFile, *, as_document: bool) -> SandboxFile:
    return files.store(
        kind=_kind(upload, as_document=as_document),
        name=upload.name or "",
        mime_type=upload.content_type or "",
        content=upload.read(),
    )


def _sent(
    person: SandboxPerson,
    written: FormattedText,
    chat: SandboxChat | None,
    reply_to: int | None,
    file: SandboxFile | None = None,
    album: str = "",
) -> SandboxMessage:
    where = chats.writable(person, chat)
    answered = message_in(where, reply_to) if reply_to else None
    content: dict[str, Any] = {
        "text": written.text,
        "entities": written.entities,
        "file": file,
        "album": album,
    }
    message = said.say(where, sender=person, reply_to=answered, **content)
    copies = channels.forward(message)
    for row in (message, *copies):
        said.tell_bot(row)
    return message
