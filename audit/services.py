"""Record what no trigger sees: decisions, refusals, sign-ins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from audit import vocabulary
from audit.context import current
from audit.models import EventLog, Origin

_AT_ONCE = 1000


def record(name: str, entity: Model | None = None, *, details: Mapping[str, Any] | None = None) -> EventLog:
    """Record that something happened, by whoever acts now, inside the caller's transaction.

    Nobody can ever change or erase an event, so it must hold no personal text: no names, no messages, no
    addresses; keys, numbers, roles and names of the program's own things are enough to tell what happened.

    Args:
        name: one of the declared events (see vocabulary.py).
        entity: what it happened to; None: to nothing in particular.
        details: more about it, as JSON knows it. Columns that changed go under "before" and "after".

    Raises:
        UnknownEvent: nobody declared `name`; nothing is recorded.
    """
    vocabulary.require(name)
    event = _event(name, entity, details or {})
    event.save(force_insert=True)
    return event


def record_each(name: str, entities: Iterable[Model], *, details: Mapping[str, Any] | None = None) -> None:
    """Record the same of several things: an event for each, a thousand of them in a statement.

    Raises:
        UnknownEvent: nobody declared `name`; nothing is recorded.
    """
    vocabulary.require(name)
    events = [_event(name, entity, details or {}) for entity in entities]
    EventLog.objects.bulk_create(events, batch_size=_AT_ONCE)


def _event(name: str, entity: Model | None, details: Mapping[str, Any]) -> EventLog:
    context = current()
    return EventLog(
        user_id=context.user_id,
        action=name,
        entity_type=entity._meta.label_lower if entity is not None else "",
        entity_id=str(entity.pk) if entity is not None else "",
        origin=Origin(context.origin).value,  # the database asks no more
        correlation_id=context.correlation_id,
        details={**context.extra, **details},
    )
