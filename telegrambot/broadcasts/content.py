"""What a copy of a broadcast says: its text, its files, its buttons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet

from telegrambot.broadcasts.exceptions import DeadButton, NothingToSay, WrongMedia
from telegrambot.broadcasts.markup import fill, is_blank, validate_markup
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.engine.models import OutgoingFile
from telegrambot.engine.outbox import MAX_ALBUM
from telegrambot.engine.routing import registry

# The views behind the buttons of copies, and of those that operators send to themselves.
CLICK, TRIAL_CLICK = "broadcasts.click", "broadcasts.try_click"


def check(broadcast: Broadcast) -> None:
    """Refuse a broadcast that Telegram would refuse, or whose buttons lead nowhere.

    Raises:
        NothingToSay: there is neither text nor file.
        WrongMedia: the number or kind of files does not fit the type.
        DeadButton: a button opens what does not exist.
        ValidationError: the text is no Telegram HTML, or too long.
    """
    kinds = list(broadcast.media.values_list("kind", flat=True))
    match broadcast.message_type:
        case Broadcast.Type.TEXT:
            fits, says = not kinds, not is_blank(broadcast.message_text)
        case Broadcast.Type.ALBUM:
            # Telegram shows no buttons below an album.
            fits, says = 2 <= len(kinds) <= MAX_ALBUM and not broadcast.buttons, bool(kinds)
        case kind:
            fits, says = kinds == [kind], bool(kinds)
    if not says:
        raise NothingToSay(title=broadcast.title)
    if not fits:
        raise WrongMedia(title=broadcast.title)
    check_text(broadcast, broadcast.message_text)
    check_buttons(broadcast)


def check_text(broadcast: Broadcast, text: str) -> None:
    """Refuse a text that Telegram would refuse for this broadcast.

    Raises:
        ValidationError: it is no Telegram HTML, or too long.
    """
    validate_markup(text, is_caption=broadcast.message_type != Broadcast.Type.TEXT)


def check_buttons(broadcast: Broadcast) -> None:
    """Refuse buttons that lead nowhere.

    Raises:
        DeadButton: a command or a link that nothing answers.
    """
    for button in _each_button(broadcast):
        _check_button(button)


def files_in_use() -> QuerySet[BroadcastMedia, Any]:
    """The keys of the sender's files that a broadcast still needs."""
    over = [Broadcast.Status.SENT, Broadcast.Status.FAILED, Broadcast.Status.CANCELLED]
    needed = BroadcastMedia.objects.exclude(broadcast__status__in=over).filter(outgoing_file__isnull=False)
    return needed.order_by().values_list("outgoing_file")


def payload(broadcast: Broadcast, *, is_trial: bool = False) -> dict[str, Any]:
    """Files and buttons of a copy, as the outbox keeps them; the sender has the files from now on.

    Args:
        is_trial: an operator's own copy: pressing its buttons does not count.

    Raises:
        NothingToSay: its files are gone.
    """
    found: dict[str, Any] = {}
    if broadcast.message_type != Broadcast.Type.TEXT:
        if not (files := _files(broadcast)):
            raise NothingToSay(title=broadcast.title)
        found = {"album": files} if broadcast.message_type == Broadcast.Type.ALBUM else {"media": files[0]}
    return found | keyboard(broadcast, view=TRIAL_CLICK if is_trial else CLICK)


def keyboard(broadcast: Broadcast, *, view: str = CLICK) -> dict[str, Any]:
    """The buttons of a copy, as the outbox keeps them; nothing without any."""
    return {"buttons": _buttons(broadcast, view)} if broadcast.buttons else {}


def text_for(broadcast: Broadcast, person: Mapping[str, Any]) -> str:
    """The text as this recipient reads it.

    Args:
        person: the columns named in `markup.VARIABLES`.
    """
    return fill(broadcast.message_text, person)


def button_at(broadcast: Broadcast, number: int) -> dict[str, str] | None:
    """The button with this number, counted through the rows."""
    buttons = list(_each_button(broadcast))
    return buttons[number] if 0 <= number < len(buttons) else None


def _files(broadcast: Broadcast) -> list[dict[str, str]]:
    # The same keys however often it is asked: what the sender has learned about a file stays true.
    for media in broadcast.media.exclude(outgoing_file__in=OutgoingFile.objects.values("pk")):
        key = media.outgoing_file or uuid4()
        OutgoingFile.objects.create(pk=key, name=media.name, content=media.content)
        BroadcastMedia.objects.filter(pk=media.pk).update(outgoing_file=key)
    return [
        {"kind": kind, "file": str(key), "name": name}
        for kind, key, name in broadcast.media.values_list("kind", "outgoing_file", "name")
    ]


def _each_button(broadcast: Broadcast) -> Iterator[dict[str, str]]:
    return (button for row in broadcast.buttons for button in row)


def _check_button(button: dict[str, str]) -> None:
    command, link = button.get("command"), button.get("link")
    if command and command not in registry.commands:
        raise DeadButton(label=button["text"], target=f"/{command}")
    if link and ((match := registry.deep_link_for(link)) is None or match.route.is_secret):
        raise DeadButton(label=button["text"], target=link)


def _buttons(broadcast: Broadcast, view: str) -> list[list[dict[str, str]]]:
    number = -1
    rows = []
    for row in broadcast.buttons:
        shown = []
        for button in row:
            number += 1
            target = (
                {"url": button["url"]} if button.get("url") else {"data": f"{view}:{broadcast.pk}:{number}"}
            )
            shown.append({"text": button["text"], **target})
        rows.append(shown)
    return rows
