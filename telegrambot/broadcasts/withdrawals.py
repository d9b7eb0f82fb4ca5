"""Copies that must not leave after all: their person is gone, sleeps, or is to get something else."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from telegrambot.broadcasts import ledger
from telegrambot.broadcasts.clocks import end_of_quiet_hours, operators_zone
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.engine.models import Message

_GONE = (
    Q(person__is_active=False) | Q(person__blocked_at__isnull=False) | Q(person__opted_out_at__isnull=False)
)

# The status is asked again where the row is locked: a sender may have taken it meanwhile.
_TAKE_OUT = """
DELETE FROM engine_message WHERE id IN ({chosen}) AND status = ANY(%s) RETURNING person_id
"""


def drop_the_gone(broadcast: Broadcast) -> int:
    """Cancel what is queued for people who opted out, blocked the bot or were switched off since."""
    queued = _queued(broadcast)
    return Message.objects.filter(
        pk__in=queued.filter(_GONE).values("pk"), status=Message.Status.QUEUED
    ).update(status=Message.Status.CANCELLED, error="The person gets no broadcasts any more.")


def put_off_the_sleeping(broadcast: Broadcast) -> int:
    """Put off what is queued for people whose quiet hours have begun since (after a pause, for one)."""
    now = timezone.now()
    rows = _queued(broadcast).filter(person__preferences__has_key="quiet_hours")
    people = rows.values("pk", "person_id", zone=F("person__timezone"), chosen=F("person__preferences"))
    default = operators_zone(broadcast)
    due: dict[UUID, datetime] = {}
    asleep: list[int] = []
    for row in people:
        end = end_of_quiet_hours({"timezone": row["zone"], "preferences": row["chosen"]}, now, default)
        if end > now:
            due[row["person_id"]] = end
            asleep.append(row["pk"])
    if not asleep:
        return 0
    taken = _take_out(broadcast, Message.objects.filter(pk__in=asleep), [Message.Status.QUEUED])
    postpone(broadcast, {person: due[person] for person in taken})
    return len(taken)


def make_anew(broadcast: Broadcast, chosen: QuerySet[Message], statuses: list[str]) -> int:
    """Take copies out of the ledger; fan-out makes them again, with what the broadcast says by then.

    Args:
        chosen: copies of this broadcast that never reached anybody.
        statuses: which they still must have.
    """
    now = timezone.now()
    taken = _take_out(broadcast, chosen, statuses)
    postpone(broadcast, dict.fromkeys(taken, now))
    return len(taken)


def postpone(broadcast: Broadcast, due: dict[UUID, datetime]) -> None:
    """Note when people get their copies."""
    Postponement.objects.bulk_create(
        [Postponement(broadcast=broadcast, person_id=key, due_at=moment) for key, moment in due.items()],
        ignore_conflicts=True,
        batch_size=5000,
    )


def _queued(broadcast: Broadcast) -> QuerySet[Message]:
    return ledger.copies(broadcast).filter(status=Message.Status.QUEUED)


def _take_out(broadcast: Broadcast, chosen: QuerySet[Message], statuses: list[str]) -> list[Any]:
    sql, parameters = chosen.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT.format(chosen=sql), [*parameters, statuses])
        people = [person for (person,) in cursor.fetchall() if person is not None]
    # Where an operator had sent a copy again, the first one still has the key that a new copy needs.
    ledger.copies(broadcast).filter(person__in=people, status__in=ledger.UNDELIVERED).delete()
    return people
