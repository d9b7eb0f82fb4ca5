"""The chats in a person's Telegram, newest first, as that person sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.translation import gettext

from telegrambot.sandbox import people
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxFile, SandboxMessage, SandboxPerson

_PREVIEW_CHARACTERS = 90


@dataclass(frozen=True)
class ChatRow:
    """One line of the list."""

    id: int
    icon: str
    kind: str
    """The icon's meaning in words."""
    title: str
    preview: str
    sent_at: datetime | None
    newest: int
    """The last message's number when somebody else wrote it: what the page compares with what was read."""


def rows(person: SandboxPerson, bot: SandboxBot) -> list[ChatRow]:
    """The list of chats; the one with the bot is there from the beginning."""
    chats = people.chats_of(person)
    if not any(chat.person_id == person.pk for chat in chats):
        chats.append(SandboxChat(telegram_id=person.pk, person=person))
    last = {
        message.chat_id: message
        for message in SandboxMessage.objects.filter(chat__in=[chat.pk for chat in chats], deleted_at=None)
        .select_related("file", "sender", "sender_chat")
        .defer("file__content")
        .order_by("chat_id", "-id")
        .distinct("chat_id")
    }
    found = [_row(chat, last.get(chat.pk), person, bot) for chat in chats]
    return sorted(found, key=lambda row: row.sent_at.timestamp() if row.sent_at else 0.0, reverse=True)


def html(person: SandboxPerson, bot: SandboxBot, open_chat: int) -> str:
    """The list as the page shows it, with the open chat marked."""
    context = {"rows": rows(person, bot), "person": person, "open_chat": open_chat}
    return render_to_string("sandbox/chat_list.html", context)


def title_of(chat: SandboxChat, person: SandboxPerson, bot: SandboxBot) -> str:
    """What this person's Telegram calls a chat."""
    return bot.first_name if chat.person_id == person.pk else chat.name_for(person)


def icon_of(chat: SandboxChat) -> str:
    """Which of the four icons a chat gets: bot, group, channel, business."""
    if chat.is_group:
        return "group"
    return "bot" if chat.kind == SandboxChat.Kind.PRIVATE else chat.kind


def summary(message: SandboxMessage) -> str:
    """A message in one line."""
    if message.text:
        return " ".join(message.text.split())[:_PREVIEW_CHARACTERS]
    if message.file is None:
        return ""
    if message.file.kind == SandboxFile.Kind.PHOTO:
        return gettext("Photo")
    if message.file.kind == SandboxFile.Kind.VIDEO:
        return gettext("Video")
    return message.file.name or gettext("File")


def _first_name(message: SandboxMessage, bot: SandboxBot) -> str:
    if message.sender_chat:
        return message.sender_chat.title
    return message.sender.first_name if message.sender else bot.first_name


def _row(chat: SandboxChat, last: SandboxMessage | None, person: SandboxPerson, bot: SandboxBot) -> ChatRow:
    is_mine = last is not None and last.sender_id == person.pk
    if last is None:
        preview = gettext("Press Start to begin") if chat.person_id else gettext("No messages yet")
    elif is_mine:
        preview = gettext("You: {text}").format(text=summary(last))
    elif chat.is_group:
        preview = f"{_first_name(last, bot)}: {summary(last)}"
    else:
        preview = summary(last)
    return ChatRow(
        id=chat.pk,
        icon=icon_of(chat),
        kind=str(chat.get_kind_display()),
        title=title_of(chat, person, bot),
        preview=preview,
        sent_at=last.sent_at if last else None,
        newest=last.pk if last and not is_mine else 0,
    )
