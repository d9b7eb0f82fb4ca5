"""Make the copies of running broadcasts, just ahead of the sender.

Each round is one transaction under the broadcast's row lock. It moves a cursor over the people in the order
of their keys, so memory stays the same for any audience; the unique key of a copy makes a second one
impossible, whoever was killed where.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.errors import DomainError
from telegrambot.broadcasts import content, ledger, notices, pacing, recipients, services, withdrawals
from telegrambot.broadcasts.clocks import moment_for, operators_zone, wall_clock_of
from telegrambot.broadcasts.markup import VARIABLES
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.engine import outbox
from telegrambot.engine.models import Priority
from telegrambot.engine.rounds import for_each

_COLUMNS = ("pk", "dialog_id", "timezone", "preferences", *VARIABLES)
_BEFORE_ALL = uuid.UUID(int=0)


def advance_all() -> bool:
    """Do one round for every running broadcast; tells whether there is more to do at once."""
    running = Broadcast.objects.filter(status=Broadcast.Status.SENDING).order_by("started_at", "pk")
    return for_each(list(running.values_list("pk", flat=True)), advance)


@transaction.atomic
def advance(broadcast_id: uuid.UUID) -> bool:
    """Do one round for a broadcast; nothing when another process is at it, or it does not run."""
    broadcast = (
        Broadcast.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(pk=broadcast_id, status=Broadcast.Status.SENDING)
        .first()
    )
    if broadcast is None:
        return False
    made, room = 0, pacing.room(broadcast.origin)
    if room:
        try:
            made = _release(broadcast, room)
            if broadcast.fanned_out_at is None and made < room:
                made += _next_chunk(broadcast, room - made)
        except DomainError as error:
            services.stop(broadcast, str(error))
            notices.tell_over(broadcast)
            return False
    # Last, so that it sees who opted out while the copies were made.
    withdrawals.drop_the_gone(broadcast)
    withdrawals.put_off_the_sleeping(broadcast)
    if made == 0 and broadcast.fanned_out_at is not None and ledger.finish(broadcast):
        notices.tell_over(broadcast)
    return made > 0


def _next_chunk(broadcast: Broadcast, limit: int) -> int:
    """Copies, or postponements, for the next people."""
    after = broadcast.cursor or _BEFORE_ALL
    # Whoever came later was not counted when it was confirmed.
    found = recipients.in_order(broadcast.conditions, until=broadcast.started_at).filter(pk__gt=after)
    people = list(found.values(*_COLUMNS)[:limit])
    now, zone, wall_clock = timezone.now(), operators_zone(broadcast), wall_clock_of(broadcast)
    due = {person["pk"]: moment_for(person, now, wall_clock, zone) for person in people}
    withdrawals.postpone(broadcast, {key: moment for key, moment in due.items() if moment > now})
    _queue(broadcast, (person for person in people if due[person["pk"]] <= now))
    if people:
        broadcast.cursor = people[-1]["pk"]
    if len(people) < limit:
        broadcast.fanned_out_at = now
    broadcast.save(update_fields=["cursor", "fanned_out_at"])
    return len(people)


def _release(broadcast: Broadcast, limit: int) -> int:
    """Copies for those whose time has come."""
    due = broadcast.postponements.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    chosen = dict(due.values_list("pk", "person_id")[:limit])
    if chosen:
        # Who opted out or blocked the bot while they waited gets none.
        _queue(broadcast, recipients.in_order({}).filter(pk__in=chosen.values()).values(*_COLUMNS))
        Postponement.objects.filter(pk__in=chosen).delete()
    return len(chosen)


def _queue(broadcast: Broadcast, people: Iterable[Mapping[str, Any]]) -> None:
    shared = content.payload(broadcast)
    outbox.queue(
        [
            outbox.Draft(
                dialog_id=person["dialog_id"],
                person_id=person["pk"],
                text=content.text_for(broadcast, person),
                message_type=broadcast.message_type,
                payload=shared,
                priority=Priority.BROADCAST,
                origin=broadcast.origin,
                dedupe_key=f"{broadcast.origin}:{person['pk']}",
            )
            for person in people
        ]
    )
