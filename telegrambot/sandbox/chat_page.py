"""What the chat page shows: messages as HTML, and everything that changed since a revision."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from telegrambot.sandbox.files import picture_type
from telegrambot.sandbox.models import (
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
)
from telegrambot.sandbox.rendering import render

# The page opens with this many; older ones stay in the database.
OPENING_MESSAGES = 200
MAX_CHANGES = 500


def chat_of(person: SandboxPerson) -> SandboxChat:
    """The person's chat; one that is not stored when they have not met the bot."""
    return SandboxChat.objects.filter(person=person).first() or SandboxChat(
        telegram_id=person.telegram_id, person=person
    )


def opening_messages(chat: SandboxChat) -> list[str]:
    """The newest messages of a chat as HTML, oldest first."""
    rows = _messages().filter(chat_id=chat.pk, deleted_at=None).order_by("-id")[:OPENING_MESSAGES]
    return [message_html(row) for row in reversed(rows)]


def changes(chat: SandboxChat, since: int) -> dict[str, Any]:
    """What a page that has seen revision `since` needs to catch up."""
    messages = list(
        _messages().filter(chat_id=chat.pk, revision__gt=since).order_by("revision")[:MAX_CHANGES]
    )
    answers = SandboxCallback.objects.filter(chat_id=chat.pk, revision__gt=since)
    # More than one page of changes: go on from the last one that was taken.
    is_complete = len(messages) < MAX_CHANGES
    return {
        "revision": chat.revision if is_complete else messages[-1].revision,
        "blocked": bool(chat.blocked_at),
        "doing": _doing(chat),
        "messages": [{"id": row.pk, "html": "" if row.deleted_at else message_html(row)} for row in messages],
        "answers": [
            {"message": row.message_id, "text": row.answer, "alert": row.is_alert} for row in answers
        ],
    }


def message_html(message: SandboxMessage) -> str:
    """One message as the page's list item."""
    file = message.file
    return render_to_string(
        "sandbox/message.html",
        {
            "message": message,
            "text": render(message.text, message.entities),
            "is_photo": file is not None and file.kind == SandboxFile.Kind.PHOTO,
            "is_video": file is not None and file.kind == SandboxFile.Kind.VIDEO,
            "can_edit": message.sender_id is not None and (bool(message.text) or file is not None),
        },
    )


def shown_type(file: SandboxFile) -> str:
    """The media type to show a file as, or "" when it may only be saved: it could carry a script."""
    if file.kind == SandboxFile.Kind.VIDEO:
        return "video/mp4"
    return picture_type(bytes(file.content[:16]))


def _messages() -> Any:
    return SandboxMessage.objects.select_related("file", "reply_to").defer("file__content")


def _doing(chat: SandboxChat) -> str:
    if chat.action_until is None or chat.action_until < timezone.now():
        return ""
    return gettext("typing…") if chat.action == "typing" else gettext("sending a file…")
