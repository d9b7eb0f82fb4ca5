"""What was said, as people know it from a chat: bubbles, newest last, older ones by keyset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from config.admin_pagination import older_than, place_of
from telegrambot.engine.admin import presentation
from telegrambot.engine.admin.rendered_text import rendered
from telegrambot.engine.media import MediaFile, files_of
from telegrambot.engine.models import Message

PAGE = 50
# A menu may have been edited hundreds of times; the last few tell enough.
_REVISIONS = 200
_ARRIVED = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ}
TICKS = {
    Message.Status.QUEUED: "🕓",
    Message.Status.SENDING: "🕓",
    Message.Status.SENT: "✓",
    Message.Status.DELIVERED: "✓✓",
    Message.Status.READ: "✓✓",
    Message.Status.FAILED: "✕",
    Message.Status.UNCERTAIN: "?",
    Message.Status.CANCELLED: "⊘",
}


@dataclass
class Bubble:
    """One thing said, as it reads now.

    Attributes:
        begins_day: the day, if the bubble above is of another one.
        revisions: edits and deletions, oldest first, each with its text.
    """

    message: Message
    begins_day: date | None
    revisions: list[tuple[Message, str]] = field(default_factory=list)

    @property
    def _current(self) -> Message:
        edits = [row for row, _text in self.revisions if row.operation == "edit" and row.status in _ARRIVED]
        return edits[-1] if edits else self.message

    @property
    def text(self) -> str:
        """The text after the last edit that arrived."""
        return presentation.readable(self._current)

    @property
    def first_text(self) -> str:
        """The text before any edit."""
        return presentation.readable(self.message)

    @property
    def formatted(self) -> SafeString:
        """The same with its bold words and links; what people write is no markup."""
        return rendered(self._current.text) if self.is_outbound else escape(self.text)

    @property
    def carries(self) -> str:
        """What it carries besides text, in words."""
        kind = self.message.message_type
        return "" if kind == "text" else presentation.message_type(kind)

    @property
    def buttons(self) -> list[list[str]]:
        """The labels below it, row by row."""
        rows = self._current.payload.get("buttons") or []
        return [[button["text"] for button in row] for row in rows if all("text" in button for button in row)]

    @property
    def is_not_kept(self) -> bool:
        """Whether something was said that is not kept."""
        is_said = self.text or self.files or self.carries
        # What operators are shown of a person goes with that person's history.
        is_kept = self.message.dialog.keep_history and self.message.about_id is None
        return not (is_kept or is_said)

    @property
    def files(self) -> list[MediaFile]:
        """The files it carries, as far as they can be fetched."""
        return files_of(self.message)

    @property
    def is_edited(self) -> bool:
        """Whether it reads otherwise than at first."""
        return self._current is not self.message

    @property
    def is_deleted(self) -> bool:
        """Whether it was taken back."""
        return any(row.operation == "delete" and row.status in _ARRIVED for row, _text in self.revisions)

    @property
    def is_outbound(self) -> bool:
        """Whether the bot said it."""
        return self.message.direction == Message.Direction.OUTBOUND

    @property
    def ticks(self) -> str:
        """How far it came."""
        return TICKS[Message.Status(self.message.status)]


@dataclass(frozen=True)
class Conversation:
    """A page of bubbles, oldest first.

    Attributes:
        older: the place in the history where the page before begins; empty at its beginning.
        is_newest: whether nothing comes after it.
    """

    bubbles: list[Bubble]
    older: str
    is_newest: bool


def read(messages: QuerySet[Message], columns: Sequence[str], place: str) -> Conversation:
    """Read a page of a history in two queries.

    Args:
        messages: whose; edits and deletions show at what they change.
        columns: what orders them, with an index.
        place: from where backwards (see `Conversation.older`); empty, or what is no place, for the newest.
    """
    said = messages.filter(operation=Message.Operation.SEND).select_related("dialog", "person")
    try:
        found = older_than(said, columns, place)
    except IncorrectLookupParameters:
        found, place = older_than(said, columns, ""), ""
    rows = list(found[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    older = place_of(rows[-1], columns) if more else ""
    changes = _revisions(rows)
    bubbles: list[Bubble] = []
    day = None
    for message in reversed(rows):
        today = timezone.localdate(message.timestamp)
        bubbles.append(Bubble(message, today if today != day else None, changes[message.pk]))
        day = today
    return Conversation(bubbles, older, is_newest=not place)


def _revisions(rows: Sequence[Message]) -> dict[Any, list[tuple[Message, str]]]:
    found: dict[Any, list[tuple[Message, str]]] = defaultdict(list)
    changes = Message.objects.filter(target__in=[row.pk for row in rows]).defer("sealed").order_by("-pk")
    for change in reversed(changes[:_REVISIONS]):
        found[change.target_id].append((change, presentation.readable(change)))
    return found
