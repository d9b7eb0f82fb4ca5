"""Whether an event is sealed, and still what was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit.models import EventLog
from audit.seals import EVENT_HASH

# The first seal that was put on after the event got its number, and what is kept of the event.
_STATE = f"""
SELECT coalesce(seal.id, record.seal_id), seal.sealed_at, record.event_id IS NULL,
    coalesce(record.seal_id = seal.id
        AND record.hash = (SELECT {EVENT_HASH} FROM audit_eventlog WHERE id = record.event_id), false)
FROM (SELECT %s::bigint AS id) AS event
LEFT JOIN LATERAL (
    SELECT id, sealed_at FROM audit_seal WHERE last_event_id >= event.id ORDER BY last_event_id LIMIT 1
) AS seal ON true
LEFT JOIN audit_sealedevent AS record ON record.event_id = event.id
WHERE seal.id IS NOT NULL OR record.event_id IS NOT NULL
"""  # noqa: S608  (constants)


@dataclass(frozen=True)
class SealState:
    """The seal of one event.

    Attributes:
        seal: its number.
        sealed_at: None: the seal itself is gone.
        is_inserted: whether the seal was put on without the event, which has a number from before.
        is_intact: whether the event is still what was sealed.
    """

    seal: int
    sealed_at: datetime | None
    is_inserted: bool
    is_intact: bool


def seal_state(event: EventLog) -> SealState | None:
    """The seal of an event; None while it waits for one."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [event.pk])
        row = cursor.fetchone()
    return SealState(*row) if row else None
