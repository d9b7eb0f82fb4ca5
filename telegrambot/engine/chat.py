"""All that an author of a chat view needs to know.

A chat command is a Django view: it takes a `ChatRequest`, works with the ORM, and returns a `Reply`. It never
touches the network and never awaits. Put views into your app's `bot.py`; it is found by itself:

    @command("hello", description=_("Say hello"))
    def hello(request: ChatRequest) -> Reply:
        return Reply(_("Hello, {name}!").format(name=escape(request.person.first_name)))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.html import escape

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.farewells import say_farewell
from telegrambot.engine.models import Dialog
from telegrambot.engine.outbox import say
from telegrambot.engine.paging import page
from telegrambot.engine.replies import MAX_LABEL, Button, Document, Photo, Reply, Upload, Video
from telegrambot.engine.routing import Overheard, registry

__all__ = [
    "MAX_LABEL",
    "Button",
    "ChatRequest",
    "Document",
    "Overheard",
    "Photo",
    "Reply",
    "Upload",
    "Video",
    "answer",
    "button",
    "command",
    "deep_link",
    "escape",
    "fallback",
    "frame",
    "last_resort",
    "overheard",
    "page",
    "phrase",
    "reply_to",
    "say",
    "say_farewell",
    "unknown_command",
]

command = registry.command
button = registry.button
answer = registry.answer
phrase = registry.phrase
reply_to = registry.reply_to
deep_link = registry.deep_link
unknown_command = registry.unknown_command
fallback = registry.fallback
last_resort = registry.last_resort
frame = registry.frame
overheard = registry.overheard


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a person said or pressed.

    Attributes:
        person: who (from the database, with role and preferences).
        dialog: where.
        text: what they typed, whole; empty for a button.
        html: the same as Telegram HTML, with the formatting they gave it.
        rest: what follows the command (`/grant @ann admin` → `@ann admin`).
        language: the language to answer in ("en" or "ru"); translations are switched on already.
        data: what `Reply(ask=…, data=…)` left for the answer.
        update_key: our key of the update; unique, the origin of everything the view causes.
        sent_at: when Telegram says they said it.
        is_button: whether a button was pressed.
        has_file: whether a photo, a voice message, a sticker or the like came, with or without a text.
    """

    person: TelegramUser
    dialog: Dialog
    text: str
    rest: str
    language: str
    update_key: int
    sent_at: datetime
    is_button: bool = False
    has_file: bool = False
    html: str = ""
    data: dict[str, Any] = field(default_factory=dict)
