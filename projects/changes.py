"""What changed in a project, item by item, and the history of one item. Read from the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    When,
    Window,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from audit import actors
from audit.models import EventLog
from projects.folding import MODELS, NetChange, fold
from projects.models import Feature, Project, Release
from projects.naming import names_in
from projects.wording import phrases, thing

PAGE = 8
# Of the items on one page, the newest. Whoever makes more of them between two looks is a program.
MOST_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """What became of one thing since some moment.

    Attributes:
        entity_type: such as `projects.feature`.
        entity_id: its primary key, as text.
        title: such as: feature “Login”.
        phrases: what is different now, each in a few words.
        people: the names of those who did it.
        last_at: the last of its changes.
        is_deleted: whether it does not exist any more.
    """

    entity_type: str
    entity_id: str
    title: str
    phrases: Sequence[str]
    people: Sequence[str]
    last_at: dt.datetime
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Some of the changed things, the one touched last first.

    Attributes:
        items: those of this page.
        number: the page, from 0.
        last: the last page there is.
        total: how many things changed in all.
    """

    items: Sequence[ItemChanges]
    number: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event of one thing.

    Attributes:
        event_id: its number in the log.
        at: when.
        person: who did it.
        phrases: what it changed, each in a few words.
        is_undo: whether it took another change back.
    """

    event_id: int
    at: dt.datetime
    person: str
    phrases: Sequence[str]
    is_undo: bool


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some events of one thing, the newest first; numbered as a `ChangesPage`."""

    entries: Sequence[HistoryEntry]
    number: int
    last: int
    total: int


def changes_of(project: Project, since: dt.datetime, number: int = 0) -> ChangesPage:
    """What changed in a project since a moment: the project itself, its releases and its features.

    At most six queries, whatever its size.

    Args:
        project: which.
        since: the moment, time zone and all.
        number: the page, from 0; one beyond the last shows nothing.
    """
    recent = _events_of(project).filter(timestamp__gte=since)
    touched = list(
        recent.order_by()
        .values("entity_type", "entity_id")
        .annotate(newest=Max("pk"), total=Window(Count("*")))
        .order_by("-newest")[number * PAGE : (number + 1) * PAGE]
    )
    if not touched:
        return ChangesPage([], number, 0, 0)
    mine = Q()
    for item in touched:
        mine |= Q(entity_type=item["entity_type"], entity_id=item["entity_id"])
    events = list(EventLog.objects.filter(mine, timestamp__gte=since).order_by("-pk")[:MOST_EVENTS])
    total = touched[0]["total"]
    return ChangesPage(_items(events), number, (total - 1) // PAGE, total)


def history_of(item: Project | Release | Feature, number: int = 0) -> HistoryPage:
    """What happened to one thing, event by event. At most six queries.

    Args:
        item: which.
        number: the page, from 0; one beyond the last shows nothing.
    """
    mine = EventLog.objects.filter(entity_type=item._meta.label_lower, entity_id=str(item.pk))
    counted = mine.annotate(total=Window(Count("*"))).order_by("-pk")
    events = list(counted[number * PAGE : (number + 1) * PAGE])
    if not events:
        return HistoryPage([], number, 0, 0)
    steps = [fold([event])[0] for event in events]
    names = names_in(steps)
    people = actors.names(event.user_id for event in events)
    entries = [
        HistoryEntry(
            event.pk,
            event.timestamp,
            people[event.user_id],
            phrases(step, names),
            is_undo="undoes" in event.details,
        )
        for event, step in zip(events, steps, strict=True)
    ]
    total: int = events[0].total  # type: ignore[attr-defined]
    return HistoryPage(entries, number, (total - 1) // PAGE, total)


def _events_of(project: Project) -> QuerySet[EventLog]:
    # The things that exist know their project; those that do not, the event of their deletion knows.
    mine = Q(entity_type=Project._meta.label_lower, entity_id=str(project.pk))
    for model in (Release, Feature):
        label = model._meta.label_lower
        present = model._default_manager.filter(project=project, pk=OuterRef("number"))
        deleted = EventLog.objects.filter(action=f"{label}.deleted", details__before__project_id=project.pk)
        mine |= Q(entity_type=label) & (Q(Exists(present)) | Q(entity_id__in=deleted.values("entity_id")))
    # Looked up one by one or all at once, as PostgreSQL likes. Only things of these kinds have whole numbers.
    number = Case(When(entity_type__in=MODELS, then=Cast("entity_id", BigIntegerField())))
    return EventLog.objects.alias(number=number).filter(mine, entity_type__in=MODELS)


def _items(newest_first: Sequence[EventLog]) -> list[ItemChanges]:
    changes = fold(reversed(newest_first))[::-1]
    series = [[event for event in newest_first if _is_about(event, change)] for change in changes]
    since_added = list(map(_since_added, changes, series))
    names = names_in([*changes, *filter(None, since_added)])
    people = actors.names(event.user_id for event in newest_first)
    found = zip(changes, since_added, series, strict=True)
    return [_item(change, later, events, names, people) for change, later, events in found]


def _is_about(event: EventLog, change: NetChange) -> bool:
    return (event.entity_type, event.entity_id) == (change.entity_type, change.entity_id)


def _since_added(change: NetChange, newest_first: Sequence[EventLog]) -> NetChange | None:
    """What became of a thing that was added and is still there, after it was added; None: nothing."""
    if change.before is not None or change.after is None:
        return None
    later = fold(reversed(newest_first[:-1]))
    return later[0] if later and not later[0].is_nothing else None


def _item(
    change: NetChange,
    since_added: NetChange | None,
    events: Sequence[EventLog],
    names: dict[tuple[str, str], str],
    people: dict[str, str],
) -> ItemChanges:
    key = (change.entity_type, change.entity_id)
    told = phrases(change, names)
    if since_added is not None and (later := phrases(since_added, names)):
        told = [_("{added}, then {changes}").format(added=told[0], changes="; ".join(later))]
    return ItemChanges(
        *key,
        title=thing(change.entity_type, names.get(key, f"#{change.entity_id}")),
        phrases=told,
        people=list(dict.fromkeys(people[event.user_id] for event in events)),
        last_at=events[0].timestamp,
        is_deleted=change.after is None,
    )
