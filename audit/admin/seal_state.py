"""Whether an event is sealed, and still what was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit.models import EventLog
from audit.seals import EVENT_HASH

_STATE = f"""
SELECT seal_id, sealed_at, sealed.hash = (SELECT {EVENT_HASH} FROM audit_eventlog WHERE id = event_id)
FROM audit_sealedevent AS sealed JOIN audit_seal ON audit_seal.id = seal_id
WHERE event_id = %s
"""  # noqa: S608  (constants)


@dataclass(frozen=True)
class SealState:
    """The seal of one event.

    Attributes:
        seal: its number.
        is_intact: whether the event is still what was sealed.
    """

    seal: int
    sealed_at: datetime
    is_intact: bool


def seal_state(event: EventLog) -> SealState | None:
    """The seal of an event; None while it waits for one."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [event.pk])
        row = cursor.fetchone()
    return SealState(*row) if row else None
