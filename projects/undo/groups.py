"""Which events belong together, and which of them still stand.

What one update, request or job changed is one group (one transaction, where nobody named it). An undo is a
group, too, whose events name the first event of the group they took back. So an undo that was itself taken
back took nothing back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from audit.models import EventLog
from projects.folding import MODELS, fold
from telegrambot.accounts.actors import actor_ids
from telegrambot.accounts.models import TelegramUser

# Of a person's own events, the newest: further back nothing is searched.
REACH = 2000


@dataclass(frozen=True, slots=True)
class Group:
    """What the events of a group have in common.

    Attributes:
        correlation_id: of what they are part; may be empty.
        transaction_id: tells groups apart that are part of nothing.
        undoes: the first event of the group that this one took back; None: it is no undo.
    """

    correlation_id: str
    transaction_id: int | None
    undoes: int | None

    @classmethod
    def of(cls, correlation_id: str, transaction_id: int, undoes: int | None) -> Group:
        """The group of an event."""
        return cls(correlation_id, None if correlation_id else transaction_id, undoes)

    @property
    def condition(self) -> Q:
        """What finds its events in the log."""
        kind = Q(details__undoes__isnull=True) if self.undoes is None else Q(details__undoes=self.undoes)
        part = Q(correlation_id=self.correlation_id)
        return kind & part & (Q() if self.correlation_id else Q(transaction_id=self.transaction_id))


def latest(person: TelegramUser) -> list[EventLog]:
    """The events of the person's last change that is no undo and was not undone, the oldest first."""
    rows = (
        _own(person)
        .order_by("-pk")
        .values_list("pk", "correlation_id", "transaction_id", "details__undoes")[:REACH]
    )
    taken_back: set[int] = set()
    for group, first in _grouped(rows).items():
        if first in taken_back:
            continue
        if group.undoes is not None:
            taken_back.add(group.undoes)
            continue
        events = list(_own(person).filter(group.condition).order_by("pk"))
        # It may have begun beyond our reach, or come to nothing.
        if events[0].pk not in taken_back and any(not change.is_nothing for change in fold(events)):
            return events
    return []


def group_with(event_id: int, person: TelegramUser) -> list[EventLog]:
    """All events of the group with this event, the oldest first; none: the event is not the person's."""
    event = _own(person).filter(pk=event_id).first()
    if event is None:
        return []
    group = Group.of(event.correlation_id, event.transaction_id, event.details.get("undoes"))
    return list(_own(person).filter(group.condition).order_by("pk"))


def is_taken_back(first_event_id: int, person: TelegramUser) -> bool:
    """Whether the person undid the group that begins with this event, and left it at that."""
    undos = _own(person).filter(pk__gt=first_event_id, details__has_key="undoes").order_by("-pk")
    rows = undos.values_list("pk", "correlation_id", "transaction_id", "details__undoes")
    taken_back: set[int] = set()
    for group, first in _grouped(rows).items():
        if first not in taken_back and group.undoes is not None:
            taken_back.add(group.undoes)
    return first_event_id in taken_back


def _own(person: TelegramUser) -> QuerySet[EventLog]:
    return EventLog.objects.filter(user_id__in=actor_ids(person), entity_type__in=MODELS)


def _grouped(newest_first: Iterable[tuple[int, str, int, int | None]]) -> dict[Group, int]:
    """The groups, the newest first, each with its first event."""
    groups: dict[Group, int] = {}
    for pk, correlation_id, transaction_id, undoes in newest_first:
        group = Group.of(correlation_id, transaction_id, undoes)
        groups[group] = pk  # a group keeps its place; its oldest event has the last word
    return groups
