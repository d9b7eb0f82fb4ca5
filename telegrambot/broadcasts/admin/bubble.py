"""A broadcast as Telegram shows it: text, files, buttons. Whatever was typed is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.safestring import SafeString

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import content
from telegrambot.broadcasts.markup import VARIABLES, fill
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.admin.rendered_text import rendered


@dataclass(frozen=True)
class ShownFile:
    """A photo or video; without an address only its name is shown."""

    kind: str
    name: str
    url: str = ""


@dataclass(frozen=True)
class Bubble:
    """What a template shows."""

    text: SafeString
    files: Sequence[ShownFile] = ()
    buttons: Sequence[Sequence[Mapping[str, str]]] = field(default_factory=list)


def bubble_of(broadcast: Broadcast, reader: TelegramUser | None) -> Bubble:
    """A saved broadcast, as this person would read it. One query."""
    return Bubble(
        rendered(content.text_for(broadcast, names_of(reader))), files_of(broadcast), broadcast.buttons
    )


def files_of(broadcast: Broadcast) -> list[ShownFile]:
    """Its files, each with its address."""
    if broadcast._state.adding:
        return []
    return [
        ShownFile(kind, name, reverse("admin:broadcasts_broadcast_file", args=[broadcast.pk, key]))
        for key, kind, name in broadcast.media.values_list("pk", "kind", "name")
    ]


def typed(text: str, reader: TelegramUser | None) -> SafeString:
    """What is being typed, as this person would read it."""
    return rendered(fill(text, names_of(reader)))


def names_of(reader: TelegramUser | None) -> dict[str, str]:
    """What the variables become; nobody has no names."""
    return {name: getattr(reader, name, "") for name in VARIABLES}
