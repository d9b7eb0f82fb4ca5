"""How rows of the engine look in the browser. Whatever came from outside is escaped."""

from __future__ import annotations

import json
from typing import Any

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

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
        '<details><summary class="cursor-pointer">{}</summary>'
        '<pre class="overflow-x-auto">{}</pre></details>',
        _("Show"),
        text,
    )


def readable(message: Message) -> str:
    """The text as the person reads it; what people write is no markup."""
    return plain(message.text) if message.direction == Message.Direction.OUTBOUND else message.text


def whole_text(value: str) -> SafeString:
    """A text as it is, with its line breaks."""
    return format_html('<div class="break-words">{}</div>', linebreaksbr(value))


def _link(view: str, row: TelegramUser | Dialog) -> SafeString:
    return format_html('<a class="text-link underline" href="{}">{}</a>', reverse(view, args=[row.pk]), row)
