"""Make the copies of running broadcasts, just ahead of the sender.

Each round is one transaction under the broadcast's row lock. It moves a cursor over the people in the order
of their keys, so memory stays the same for any audience; the unique key of a copy makes a second one
impossible, whoever was killed where.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.broadcasts import content, ledger, recipients
from telegrambot.broadcasts.markup import VARIABLES
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.engine import outbox
from telegrambot.engine.models import BotIdentity, Dialog, Message, Priority

CHUNK = 1000
# Seconds of sending that lie ready; more would only make pausing and cancelling slower.
AHEAD_SECONDS = 30
AHEAD_LEAST, AHEAD_MOST = 1000, 20_000

_BEFORE_ALL = uuid.UUID(int=0)


def advance_all() -> bool:
    """Do one round for every running broadcast; tells whether there is more to do at once."""
    running = Broadcast.objects.filter(status=Broadcast.Status.SENDING).order_by("started_at", "pk")
    has_more = False
    for key in running.values_list("pk", flat=True):
        has_more |= advance(key)
    return has_more


@transaction.atomic
def advance(broadcast_id: uuid.UUID) -> bool:
    """Do one round for a broadcast; nothing when another process is at it, or it does not run."""
    broadcast = (
        Broadcast.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(pk=broadcast_id, status=Broadcast.Status.SENDING)
        .select_related("created_by")
        .first()
    )
    if broadcast is None:
        return False
    room = _ahead() - ledger.waiting(broadcast, at_most=_ahead())
    made = 0
    if room >= min(CHUNK, _ahead()) // 2:
        made = _release(broadcast, min(room, CHUNK))
        if broadcast.fanned_out_at is None and made < CHUNK:
            made += _next_chunk(broadcast, min(room, CHUNK) - made)
    if made == 0 and broadcast.fanned_out_at is not None:
        ledger.finish(broadcast)
    return made > 0


def moment_for(
    person: Mapping[str, Any], now: datetime, wall_clock: datetime | None, zone: ZoneInfo
) -> datetime:
    """When this person may get their copy.

    Args:
        person: the columns `timezone` and `preferences`.
        now: the moment, aware.
        wall_clock: what their own clock has to show (naive); None: at once.
        zone: whose clock counts for people who named none.
    """
    own = ZoneInfo(person["timezone"]) if person["timezone"] else zone
    # A time that the change to summer time leaves out is reached an hour later.
    due = max(now, wall_clock.replace(tzinfo=own).astimezone(UTC)) if wall_clock else now
    chosen = person["preferences"].get("quiet_hours")
    return QuietHours.parse(chosen).end_after(due, own) if chosen else due


def _next_chunk(broadcast: Broadcast, limit: int) -> int:
    """Copies, or postponements, for the next people."""
    after = broadcast.cursor or _BEFORE_ALL
    people = list(
        _columns(recipients.reachable(broadcast.conditions).filter(pk__gt=after).order_by("pk"))[:limit]
    )
    now, zone = timezone.now(), _zone(broadcast)
    wall_clock = None
    if broadcast.is_local_time and broadcast.scheduled_at is not None:
        wall_clock = broadcast.scheduled_at.astimezone(zone).replace(tzinfo=None)
    due = {person["pk"]: moment_for(person, now, wall_clock, zone) for person in people}
    Postponement.objects.bulk_create(
        [
            Postponement(broadcast=broadcast, person_id=key, due_at=moment)
            for key, moment in due.items()
            if moment > now
        ],
        ignore_conflicts=True,
    )
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
        _queue(broadcast, _columns(recipients.reachable({}).filter(pk__in=chosen.values())))
        Postponement.objects.filter(pk__in=chosen).delete()
    return len(chosen)


def _columns(people: Any) -> Any:
    chat = Dialog.objects.filter(
        person=OuterRef("pk"),
        platform="telegram",
        type=Dialog.Type.PRIVATE,
        business_connection_id="",
        bot_id__in=BotIdentity.objects.values("bot_id"),
    )
    dialog = Subquery(chat.order_by("pk").values("pk")[:1])
    return people.annotate(dialog_id=dialog).values("pk", "dialog_id", "timezone", "preferences", *VARIABLES)


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
                operation=Message.Operation.SEND,
                priority=Priority.BROADCAST,
                origin=broadcast.origin,
                dedupe_key=f"{broadcast.origin}:{person['pk']}",
            )
            for person in people
        ]
    )


def _zone(broadcast: Broadcast) -> ZoneInfo:
    name = broadcast.created_by.timezone if broadcast.created_by else ""
    return ZoneInfo(name or settings.TIME_ZONE)


def _ahead() -> int:
    rate = settings.MESSAGES_PER_SECOND
    return int(min(max(rate * AHEAD_SECONDS, AHEAD_LEAST), AHEAD_MOST)) if rate else AHEAD_MOST
