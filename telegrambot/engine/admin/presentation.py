"""How rows of the engine look in the browser. Whatever came from outside is escaped."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.delivery import plain
from telegrambot.engine.models import Dialog, Message

# Unfold's colours for what goes well, what waits and what needs a person.
UPDATE_STATUS_COLOURS = {"pending": "info", "done": "success", "failed": "danger"}
MESSAGE_STATUS_COLOURS = {
    "queued": "info",
    "sending": "info",
    "sent": "success",
    "delivered": "success",
    "read": "success",
    "failed": "danger",
    "uncertain": "warning",
    "cancelled": "default",
}

_UPDATE_KINDS = {
    "message": gettext_lazy("message"),
    "edited_message": gettext_lazy("edited message"),
    "channel_post": gettext_lazy("channel post"),
    "edited_channel_post": gettext_lazy("edited channel post"),
    "callback_query": gettext_lazy("button pressed"),
    "my_chat_member": gettext_lazy("bot added, removed or blocked"),
    "business_connection": gettext_lazy("business account connected or disconnected"),
    "business_message": gettext_lazy("message to a business account"),
    "edited_business_message": gettext_lazy("edited message to a business account"),
    "deleted_business_messages": gettext_lazy("messages of a business account deleted"),
}
_MESSAGE_TYPES = {
    "text": gettext_lazy("text"),
    "photo": gettext_lazy("photo"),
    "video": gettext_lazy("video"),
    "document": gettext_lazy("document"),
    "album": gettext_lazy("album"),
    "voice": gettext_lazy("voice message"),
    "audio": gettext_lazy("audio"),
    "video_note": gettext_lazy("video message"),
    "animation": gettext_lazy("animation"),
    "sticker": gettext_lazy("sticker"),
    "location": gettext_lazy("location"),
    "contact": gettext_lazy("contact"),
    "venue": gettext_lazy("place"),
    "poll": gettext_lazy("poll"),
    "dice": gettext_lazy("dice"),
    "story": gettext_lazy("story"),
    "service": gettext_lazy("notice from Telegram"),
    "other": gettext_lazy("something else"),
}
_OPERATIONS = {"edit": gettext_lazy("edit"), "delete": gettext_lazy("deletion")}


def update_kind(kind: str) -> str:
    """What happened, in words; Telegram's own name for what the bot does not ask for."""
    return str(_UPDATE_KINDS.get(kind, kind.replace("_", " ")))


def message_type(name: str) -> str:
    """What a message carries, in words."""
    return str(_MESSAGE_TYPES.get(name, name.replace("_", " ")))


def content(message: Message) -> str:
    """What a message says, with what it carries and what it changes in brackets."""
    notes = [str(_OPERATIONS[message.operation])] if message.operation in _OPERATIONS else []
    if message.message_type != "text":
        notes.append(message_type(message.message_type))
    marks = f"[{', '.join(notes)}]" if notes else ""
    return f"{marks} {readable(message)}".strip() or "–"


def sides(message: Message) -> SafeString:
    """Who said it to whom; the chat is linked, and in a group the person too."""
    them: SafeString | str = dialog_link(message.dialog)
    if message.person is not None and message.dialog.person_id != message.person_id:
        them = format_html("{} · {}", person_link(message.person), them)
    bot = format_html('<span class="sb-muted">{}</span>', _("bot"))
    order = (bot, them) if message.direction == Message.Direction.OUTBOUND else (them, bot)
    return format_html('<span class="sb-nowrap">{} → {}</span>', *order)


def person_link(person: TelegramUser | None) -> SafeString | str:
    """A link to the person's page."""
    return _link("admin:accounts_telegramuser_change", person) if person else ""


def dialog_link(dialog: Dialog | None) -> SafeString | str:
    """A link to the chat's page."""
    return _link("admin:engine_dialog_change", dialog) if dialog else ""


def folded_json(value: Any) -> SafeString | str:
    """The value as indented JSON behind a fold that opens without JavaScript."""
    if value in (None, {}, []):
        return ""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False)
    return format_html(
        '<details><summary class="cursor-pointer">{}</summary><pre class="sb-pre">{}</pre></details>',
        _("Show"),
        text,
    )


def readable(message: Message) -> str:
    """The text as the person reads it; what people write is no markup."""
    return plain(message.text) if message.direction == Message.Direction.OUTBOUND else message.text


def whole_text(value: str) -> SafeString:
    """A text as it is, with its line breaks."""
    return format_html('<div class="break-words">{}</div>', linebreaksbr(value))


def story(steps: list[tuple[datetime | None, str]]) -> SafeString:
    """What happened, one line each."""
    return format_html_join(
        "",
        '<div><span class="sb-muted">{}</span> {}</div>',
        ((date_format(localtime(at), "DATETIME_FORMAT") if at else "", words) for at, words in steps),
    )


def _link(view: str, row: TelegramUser | Dialog) -> SafeString:
    return format_html('<a class="sb-link" href="{}">{}</a>', reverse(view, args=[row.pk]), row)
