"""What an event changed, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from audit.models import EventLog
from audit.text_diff import Piece, compare, excerpts
from audit.titles import Row, model_of
from audit.values import NOTHING, fields_of, is_text, referred, shown

# A sentence holds no longer values.
LONGEST_IN_SENTENCE = 60
_LONGEST_ON_PAGE = 20_000
# An event may hold megabytes.
_AT_ONCE = 5


@dataclass(frozen=True)
class FieldChange:
    """A column of a changed, new or deleted row.

    Attributes:
        label: what people call the column.
        before, after: in words; "–" for nothing. Both are empty when `is_private`.
        is_private: that it changed is known, the values were not kept.
        is_text: words of people rather than one of several values.
    """

    column: str
    label: str
    before: str = ""
    after: str = ""
    is_private: bool = False
    is_text: bool = False

    @property
    def is_long(self) -> bool:
        """Whether the values are too much for a sentence."""
        return any("\n" in text or len(text) > LONGEST_IN_SENTENCE for text in (self.before, self.after))

    @cached_property
    def pieces(self) -> list[Piece]:
        """Both values in one text, with what went and what came; empty when it is not for comparing."""
        if not self.is_long or NOTHING in {self.before, self.after} or not (self.before and self.after):
            return []
        return compare(self.before, self.after)


def changes(event: EventLog, titles: Mapping[Row, str]) -> list[FieldChange]:
    """The columns that an event tells of, in the order of the table; of a new or deleted row the filled ones.

    Args:
        titles: of the rows that foreign keys name (see `referred_rows`).
    """
    fields = fields_of(model_of(event.entity_type))
    before, after, private = event.side("before"), event.side("after"), event.private
    places = {column: place for place, column in enumerate(fields)}
    columns = sorted({*before, *after, *private}, key=lambda name: (places.get(name, len(places)), name))
    found = []
    for column in columns:
        field = fields.get(column)
        label = str(field.verbose_name) if field else column.replace("_", " ")
        if column in private:
            found.append(FieldChange(column, label, is_private=True))
            continue
        old, new = (shown(field, side.get(column), titles) for side in (before, after))
        old, new = excerpts(old, new, _LONGEST_ON_PAGE)
        words = is_text(field, before.get(column), after.get(column))
        if before and after:
            found.append(FieldChange(column, label, old, new, is_text=words))
        elif {old, new} != {NOTHING}:
            found.append(FieldChange(column, label, *((old, "") if before else ("", new)), is_text=words))
    return found


def read_for_page(events: QuerySet[EventLog]) -> list[EventLog]:
    """Read events a few at a time, and keep of long texts no more than a page shows."""
    return [_excerpt(event) for event in events.iterator(chunk_size=_AT_ONCE)]


def referred_rows(event: EventLog) -> Iterator[Row]:
    """The rows that an event's foreign keys name, before and after."""
    fields = fields_of(model_of(event.entity_type))
    for side in (event.side("before"), event.side("after")):
        for column, value in side.items():
            if row := referred(fields.get(column), value):
                yield row


def _excerpt(event: EventLog) -> EventLog:
    before, after = event.side("before"), event.side("after")
    for column in before | after:
        old, new = (text if isinstance(text, str) else "" for text in (before.get(column), after.get(column)))
        cut = excerpts(old, new, _LONGEST_ON_PAGE)
        for side, text in zip((before, after), cut, strict=True):
            if text:
                side[column] = text
    return event
