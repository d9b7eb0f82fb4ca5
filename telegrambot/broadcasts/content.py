"""What a copy of a broadcast says: its text, its files, its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegrambot.broadcasts.exceptions import NothingToSay, WrongMedia
from telegrambot.broadcasts.markup import fill, validate_markup
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.engine.models import OutgoingFile
from telegrambot.engine.outbox import MAX_ALBUM

CLICK = "broadcasts.click"


def check(broadcast: Broadcast) -> None:
    """Refuse a broadcast that Telegram would refuse.

    Raises:
        NothingToSay: there is neither text nor file.
        WrongMedia: the number or kind of files does not fit the type.
        ValidationError: the text is no Telegram HTML, or too long.
    """
    kinds = list(broadcast.media.values_list("kind", flat=True))
    match broadcast.message_type:
        case Broadcast.Type.TEXT:
            fits, says = not kinds, bool(broadcast.message_text.strip())
        case Broadcast.Type.ALBUM:
            # Telegram shows no buttons below an album.
            fits, says = 2 <= len(kinds) <= MAX_ALBUM and not broadcast.buttons, bool(kinds)
        case kind:
            fits, says = kinds == [kind], bool(kinds)
    if not says:
        raise NothingToSay(title=broadcast.title)
    if not fits:
        raise WrongMedia(title=broadcast.title)
    validate_markup(broadcast.message_text, is_caption=broadcast.message_type != Broadcast.Type.TEXT)


def keep_files(broadcast: Broadcast) -> None:
    """Give the sender its copies of the files; the same ones however often it is asked."""
    for media in broadcast.media.filter(outgoing_file=None):
        stored = OutgoingFile.objects.create(name=media.name, content=media.content)
        BroadcastMedia.objects.filter(pk=media.pk).update(outgoing_file=stored.pk)


def payload(broadcast: Broadcast) -> dict[str, Any]:
    """Files and buttons of a copy, as the outbox keeps them."""
    files = [
        {"kind": kind, "file": str(key), "name": name}
        for kind, key, name in broadcast.media.values_list("kind", "outgoing_file", "name")
    ]
    found: dict[str, Any] = {}
    if broadcast.message_type == Broadcast.Type.ALBUM:
        found["album"] = files
    elif files:
        found["media"] = files[0]
    if broadcast.buttons:
        found["buttons"] = _buttons(broadcast)
    return found


def text_for(broadcast: Broadcast, person: Mapping[str, Any]) -> str:
    """The text as this recipient reads it.

    Args:
        person: the columns named in `markup.VARIABLES`.
    """
    return fill(broadcast.message_text, person)


def _buttons(broadcast: Broadcast) -> list[list[dict[str, str]]]:
    number = -1
    rows = []
    for row in broadcast.buttons:
        shown = []
        for button in row:
            number += 1
            target = (
                {"url": button["url"]} if button.get("url") else {"data": f"{CLICK}:{broadcast.pk}:{number}"}
            )
            shown.append({"text": button["text"], **target})
        rows.append(shown)
    return rows


def button_at(broadcast: Broadcast, number: int) -> dict[str, str] | None:
    """The button with this number, counted through the rows."""
    buttons = [button for row in broadcast.buttons for button in row]
    return buttons[number] if 0 <= number < len(buttons) else None
