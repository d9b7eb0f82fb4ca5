"""What can be wrong with the log, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What can be wrong."""

    EVENT_ALTERED = "event_altered", _("Event {number}{what} was altered.")
    EVENT_REMOVED = "event_removed", _("Event {number} was removed.")
    EVENT_INSERTED = "event_inserted", _("Event {number}{what} was inserted.")
    HASH_ALTERED = "hash_altered", _("The hash kept of event {number}{what} was altered.")
    HASH_REMOVED = "hash_removed", _("The hash kept of event {number}{what} was removed.")
    HASH_INSERTED = "hash_inserted", _("A hash of event {number}, which never was, was inserted.")
    DIFFERENT = (
        "different",
        _("Event {number}{what} and the hash kept of it differ: one was altered, removed or inserted."),
    )
    BOTH_ALTERED = (
        "both_altered",
        _("Events under seal {number} were altered, removed or inserted together with their hashes."),
    )
    SEAL_ALTERED = "seal_altered", _("Seal {number} was altered.")
    SEAL_INSERTED = "seal_inserted", _("Seal {number} was inserted.")
    SEAL_REMOVED = "seal_removed", _("Seal {number} was removed.")
    SEALS_REMOVED = "seals_removed", _("The seals from {number} to {until} were removed.")
    SEAL_LOST = (
        "seal_lost",
        _("Seal {number} was removed; the hashes of the events from {first} to {until} belong to it."),
    )
    LINK_BROKEN = "link_broken", _("Seal {number} does not follow seal {first}: one of them was replaced.")
    HEAD_MISSING = (
        "head_missing",
        _("No seal has the hash {head}: what was sealed then was cut off, or sealed anew."),
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        number: the event's id, or the seal's number; `first`, `until`: the others that the sentence names.
        what: the event's action and thing, as long as there is one.
        head: the hash that was looked for.
    """

    kind: Kind
    number: int = 0
    first: int = 0
    until: int = 0
    what: str = ""
    head: str = ""

    def __str__(self) -> str:
        what = f" ({self.what})" if self.what else ""
        return str(self.kind.label).format(
            number=self.number, first=self.first, until=self.until, what=what, head=self.head
        )
