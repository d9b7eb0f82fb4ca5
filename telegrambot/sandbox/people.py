"""What people do in this local Telegram: each act changes the chat and queues the update for the bot."""

from __future__ import annotations

import re
import secrets

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from telegrambot.sandbox import files, updates, wire
from telegrambot.sandbox.api.formatting import MAX_CAPTION, MAX_TEXT
from telegrambot.sandbox.detection import detect
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
)
from telegrambot.sandbox.formatted_text import FormattedText, cleaned
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
)


@transaction.atomic
def send_text(person: SandboxPerson, text: str) -> SandboxMessage:
    """Say something to the bot. The text is taken as it is, never as markup.

    Raises:
        NothingToSend, MessageTooLong, BotIsBlocked
    """
    written = _written(text, MAX_TEXT)
    if not written.text:
        raise NothingToSend
    return _sent(person, written)


@transaction.atomic
def send_file(
    person: SandboxPerson, upload: UploadedFile, caption: str, *, as_document: bool
) -> SandboxMessage:
    """Send a picture, a video or any other file.

    Args:
        as_document: also send what could be shown as a picture or video as a plain file.

    Raises:
        NothingToSend, FileTooLarge, MessageTooLong, BotIsBlocked
    """
    written = _written(caption, MAX_CAPTION)
    if not upload.size:
        raise NothingToSend
    if upload.size > files.MAX_BYTES:
        raise FileTooLarge(limit=files.MAX_BYTES // 1024 // 1024)
    content = upload.read()
    mime_type = upload.content_type or ""
    kind = SandboxFile.Kind.DOCUMENT
    if not as_document and files.picture_size(content) and mime_type != "image/gif":
        kind = SandboxFile.Kind.PHOTO
    elif not as_document and mime_type == "video/mp4":
        kind = SandboxFile.Kind.VIDEO
    file = files.store(kind=kind, name=upload.name or "", mime_type=mime_type, content=content)
    return _sent(person, written, file)


def start(person: SandboxPerson, code: str = "") -> SandboxMessage:
    """Open the chat by its Start button or by a deep link with a code.

    Raises:
        InvalidStartCode, BotIsBlocked
    """
    if code and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
        raise InvalidStartCode
    return send_text(person, f"/start {code}".strip())


@transaction.atomic
def edit_text(person: SandboxPerson, message_id: int, text: str) -> SandboxMessage:
    """Change one's own message.

    Raises:
        NothingToSend, MessageTooLong, MessageGone, NotYourMessage, BotIsBlocked
    """
    chat = _open_chat(person)
    message = _message(chat, message_id)
    if message.sender_id != person.pk:
        raise NotYourMessage
    written = _written(text, MAX_CAPTION if message.file else MAX_TEXT)
    if not written.text and not message.file:
        raise NothingToSend
    if written.text == message.text:
        return message
    message.text, message.entities = written.text, written.entities
    message.edited_at = timezone.now()
    message.revision = chat.moved()
    message.save()
    updates.queue("edited_message", wire.message(message, SandboxBot.objects.current()))
    return message


@transaction.atomic
def press(person: SandboxPerson, message_id: int, row: int, column: int) -> SandboxCallback:
    """Press an inline button, given by its place below the message (both from 0).

    Raises:
        MessageGone, ButtonGone, BotIsBlocked
    """
    chat = _open_chat(person)
    message = _message(chat, message_id)
    try:
        data = message.buttons[row][column]["callback_data"]
    except (IndexError, KeyError):
        raise ButtonGone from None
    query = SandboxCallback.objects.create(chat=chat, message=message, person=person, data=data)
    updates.queue("callback_query", wire.callback_query(query, SandboxBot.objects.current()))
    return query


def block(person: SandboxPerson) -> None:
    """Block the bot: it can no longer write to this person.

    Raises:
        NotStarted: there is no chat yet.
    """
    _set_blocked(person, blocked=True)


def unblock(person: SandboxPerson) -> None:
    """Let the bot write again.

    Raises:
        NotStarted: there is no chat yet.
    """
    _set_blocked(person, blocked=False)


@transaction.atomic
def _set_blocked(person: SandboxPerson, *, blocked: bool) -> None:
    chat = SandboxChat.objects.select_for_update().filter(person=person).first()
    if chat is None:
        raise NotStarted
    if bool(chat.blocked_at) == blocked:
        return
    now = timezone.now()
    chat.person = person
    chat.blocked_at = now if blocked else None
    chat.moved("blocked_at")
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    bot = SandboxBot.objects.current()
    updates.queue("my_chat_member", wire.chat_member_updated(chat, person, bot, old=old, new=new, date=now))


def add_person(
    *, first_name: str, last_name: str = "", username: str = "", language_code: str = "en"
) -> SandboxPerson:
    """Let somebody new join this Telegram.

    Raises:
        InvalidPerson
    """
    first_name, last_name = cleaned(first_name).strip(), cleaned(last_name).strip()
    username = username.strip().removeprefix("@")
    if not 1 <= len(first_name) <= 64 or len(last_name) > 64:
        raise InvalidPerson
    if username and not re.fullmatch(r"[A-Za-z0-9_]{3,32}", username):
        raise InvalidPerson
    if language_code not in SandboxPerson.Language.values:
        raise InvalidPerson
    return SandboxPerson.objects.create(
        telegram_id=5_000_000_000 + secrets.randbelow(2_000_000_000),
        first_name=first_name,
        last_name=last_name,
        username=username,
        language_code=language_code,
    )


def open_chat(person: SandboxPerson) -> SandboxChat:
    """The person's chat with the bot, created when they meet for the first time. Sends nothing."""
    return SandboxChat.objects.get_or_create(telegram_id=person.telegram_id, defaults={"person": person})[0]


def _open_chat(person: SandboxPerson) -> SandboxChat:
    open_chat(person)
    chat = SandboxChat.objects.select_for_update().get(person=person)
    if chat.blocked_at:
        raise BotIsBlocked
    chat.person = person
    return chat


def _message(chat: SandboxChat, message_id: int) -> SandboxMessage:
    rows = SandboxMessage.objects.select_related("sender", "file", "reply_to")
    message = rows.filter(chat=chat, pk=message_id, deleted_at=None).first()
    if message is None:
        raise MessageGone
    message.chat = chat
    return message


def _written(text: str, limit: int) -> FormattedText:
    # Browsers send line ends as CR LF.
    text = cleaned(text).strip()
    if len(text) > limit:
        raise MessageTooLong(limit=limit)
    return detect(FormattedText(text))


def _sent(person: SandboxPerson, written: FormattedText, file: SandboxFile | None = None) -> SandboxMessage:
    chat = _open_chat(person)
    message = SandboxMessage.objects.create(
        chat=chat,
        sender=person,
        text=written.text,
        entities=written.entities,
        file=file,
        revision=chat.moved(),
    )
    updates.queue("message", wire.message(message, SandboxBot.objects.current()))
    return message
