"""What a series of events comes to: the state of each thing before the first and after the last of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.models import EventLog
from projects.models import Feature, Project, Release

MODELS: Mapping[str, type[Project | Release | Feature]] = {
    model._meta.label_lower: model for model in (Project, Release, Feature)
}
CREATED, CHANGED, DELETED = "created", "changed", "deleted"


@dataclass(frozen=True, slots=True)
class NetChange:
    """One thing's way from one state to another.

    Attributes:
        entity_type: a key of `MODELS`.
        entity_id: its primary key, as events hold it.
        before: the columns as they were; None: it did not exist. Of a thing that was there all along, only
            the columns that were touched.
        after: the columns as they became; None: it does not exist any more.
        last_event_id: the newest of its events.
    """

    entity_type: str
    entity_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    last_event_id: int

    @property
    def model(self) -> type[Project | Release | Feature]:
        """What kind of thing it is."""
        return MODELS[self.entity_type]

    @property
    def columns(self) -> dict[str, tuple[Any, Any]]:
        """Each column that differs, before and after; empty unless it existed before and after."""
        if self.before is None or self.after is None:
            return {}
        names = [name for name in self.after if name in self.before]
        pairs = {name: (self.before[name], self.after[name]) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def is_nothing(self) -> bool:
        """Whether it is as it was."""
        if self.before is None or self.after is None:
            return self.before is self.after
        return not self.columns


def fold(events: Iterable[EventLog]) -> list[NetChange]:
    """Sum up events, the oldest first, thing by thing; the thing touched last comes last."""
    series: dict[tuple[str, str], list[EventLog]] = {}
    for event in events:
        key = (event.entity_type, event.entity_id)
        series[key] = [*series.pop(key, []), event]
    return [_fold_one(key, steps) for key, steps in series.items()]


def _fold_one(key: tuple[str, str], steps: list[EventLog]) -> NetChange:
    before: dict[str, Any] | None = None if _verb(steps[0]) == CREATED else {}
    after: dict[str, Any] | None = {}
    for step in steps:
        old, new = step.side("before"), step.side("after")
        if before is not None:
            before = {**old, **before}
        after = None if _verb(step) == DELETED else {**(after or {}), **new}
    return NetChange(*key, before=before, after=after, last_event_id=steps[-1].pk)


def _verb(event: EventLog) -> str:
    return event.action.rpartition(".")[2]
