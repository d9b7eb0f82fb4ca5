"""What a person sees of one chat: messages as HTML, and everything that changed since a revision."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from telegrambot.engine.pictures import picture_type
from telegrambot.sandbox import people
from telegrambot.sandbox.chat_list import summary
from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
    SandboxUpdate,
)
from telegrambot.sandbox.rendering import render

# The page opens with this many; older ones stay in the database.
OPENING_MESSAGES = 200
MAX_CHANGES = 500
_MAX_WAITING = 200
_BETWEEN_TWO = (SandboxChat.Kind.PRIVATE, SandboxChat.Kind.BUSINESS)


def chat_of(person: SandboxPerson, chat_id: int | None = None) -> SandboxChat | None:
    """A chat that this person can open; None when there is no such chat.

    Args:
        chat_id: empty for the chat with the bot, which is not stored before they have met.
    """
    wanted = person.pk if chat_id is None else chat_id
    found = next((chat for chat in people.chats_of(person) if chat.pk == wanted), None)
    if found is None and wanted == person.pk:
        return SandboxChat(telegram_id=person.pk, person=person)
    return found


def born(chat: SandboxChat) -> int:
    """Since when there is this chat, in microseconds; 0 for one that is not stored yet.

    After a reset there is another one of the same number, and its revisions begin again.
    """
    return 0 if chat._state.adding else int(chat.created_at.timestamp() * 1_000_000)


def opening_messages(chat: SandboxChat, viewer: SandboxPerson, bot: SandboxBot) -> list[str]:
    """The newest messages of a chat as HTML, oldest first."""
    rows = _messages(chat).filter(deleted_at=None).order_by("-id")[:OPENING_MESSAGES]
    return [message_html(row, chat, viewer, bot) for row in reversed(rows)]


def changes(chat: SandboxChat, viewer: SandboxPerson, bot: SandboxBot, since: int) -> dict[str, Any]:
    """What a page that has seen revision `since` needs to catch up."""
    if since > chat.revision:
        since = 0  # It has seen a chat that was there before the sandbox was reset.
    rows: list[SandboxMessage] = []
    answers: list[SandboxCallback] = []
    if chat.revision > since:
        rows = list(_messages(chat).filter(revision__gt=since).order_by("revision")[:MAX_CHANGES])
        answers = list(SandboxCallback.objects.filter(chat_id=chat.pk, person=viewer, revision__gt=since))
    # More than one page of changes: go on from the last one that was taken.
    is_complete = len(rows) < MAX_CHANGES
    return {
        "revision": chat.revision if is_complete else rows[-1].revision,
        "blocked": bool(chat.blocked_at),
        "writable": people.may_write(viewer, chat),
        "doing": _doing(chat),
        "waiting": _waiting(),
        "comments": _comments(chat),
        "messages": [
            {"id": row.pk, "html": "" if row.deleted_at else message_html(row, chat, viewer, bot)}
            for row in rows
        ],
        "answers": [
            {"message": row.message_id, "text": row.answer, "alert": row.is_alert} for row in answers
        ],
    }


def message_html(message: SandboxMessage, chat: SandboxChat, viewer: SandboxPerson, bot: SandboxBot) -> str:
    """One message as the item of the viewer's list."""
    file = message.file
    is_own = message.sender_id == viewer.pk
    context = {
        "message": message,
        "text": render(message.text, message.entities),
        "is_own": is_own,
        "can_delete": is_own or chat.kind in _BETWEEN_TWO,
        "is_mine": chat.kind != SandboxChat.Kind.CHANNEL
        and (is_own or (chat.owner_id == viewer.pk and message.is_from_bot)),
        "author": "" if is_own and chat.is_group else _author(message, chat, bot),
        "has_ticks": is_own and chat.kind in _BETWEEN_TWO,
        "quote": summary(message.reply_to) if message.reply_to else "",
        "is_photo": file is not None and file.kind == SandboxFile.Kind.PHOTO,
        "is_video": file is not None and file.kind == SandboxFile.Kind.VIDEO,
        "discussion": chat.discussion_id,
    }
    return render_to_string("sandbox/message.html", context)


def shown_type(file: SandboxFile) -> str:
    """The media type to show a file as, or "" when it may only be saved: it could carry a script."""
    if file.kind == SandboxFile.Kind.VIDEO:
        return "video/mp4"
    return picture_type(bytes(file.content[:16]))


def _messages(chat: SandboxChat) -> Any:
    related = ("file", "sender", "sender_chat", "reply_to__file")
    rows = SandboxMessage.objects.filter(chat_id=chat.pk).select_related(*related)
    return rows.defer("file__content", "reply_to__file__content")


def _author(message: SandboxMessage, chat: SandboxChat, bot: SandboxBot) -> str:
    """Who is named above a message: nobody where only two talk."""
    if chat.kind == SandboxChat.Kind.BUSINESS:
        return bot.first_name if message.is_from_bot else ""
    if message.sender_chat:
        return message.sender_chat.title
    if not chat.is_group:
        return ""
    return str(message.sender) if message.sender else bot.first_name


def _waiting() -> list[int]:
    """Numbers of the messages that the bot has not fetched yet."""
    payloads = SandboxUpdate.objects.values_list("payload", flat=True)[:_MAX_WAITING]
    contents = [content for payload in payloads for content in payload.values()]
    return [content["message_id"] for content in contents if "message_id" in content]


def _comments(chat: SandboxChat) -> dict[int, str]:
    """How often a channel's posts were commented, in words; only those that were."""
    if chat.discussion_id is None:
        return {}
    counts = (
        SandboxMessage.objects.filter(thread__forwarded_from__chat=chat.pk, deleted_at=None)
        .values_list("thread__forwarded_from")
        .annotate(Count("pk"))
        .order_by("-thread__forwarded_from")[:OPENING_MESSAGES]
    )
    return {
        post: ngettext("{count} comment", "{count} comments", count).format(count=count)
        for post, count in counts
    }


def _doing(chat: SandboxChat) -> str:
    if chat.action_until is None or chat.action_until < timezone.now():
        return ""
    return gettext("typing…") if chat.action == "typing" else gettext("sending a file…")
