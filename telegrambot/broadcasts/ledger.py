"""What became of a broadcast's copies: its ledger is the engine's table of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.resending import was_sent_again

Status = Message.Status
RECEIVED = (Status.SENT, Status.DELIVERED, Status.READ)
OPEN = (Status.QUEUED, Status.SENDING)
UNDELIVERED = (Status.FAILED, Status.UNCERTAIN)
# The rate is measured over the last so many seconds.
RATE_SECONDS = 20
COUNTERS = ("recipients_count", "failed_count", "uncertain_count", "clicks_count", "opt_outs_count")

# A copy that an operator sent again (engine.services) counts by what became of the second one.
_ROLL_UP = """
WITH chosen AS (
    SELECT id, 'broadcast:' || id AS origin FROM broadcasts_broadcast
    WHERE id = ANY(%(keys)s) OR started_at >= %(since)s
), copies AS (
    SELECT chosen.id,
           count(*) FILTER (WHERE message.status IN ('sent', 'delivered', 'read')) AS received,
           count(*) FILTER (WHERE message.status = 'failed') AS failed,
           count(*) FILTER (WHERE message.status = 'uncertain') AS uncertain
    FROM chosen JOIN engine_message AS message ON message.origin = chosen.origin AND message.priority = 9
    GROUP BY chosen.id
), repeated AS (
    SELECT chosen.id,
           count(*) FILTER (WHERE message.status = 'failed') AS failed,
           count(*) FILTER (WHERE message.status = 'uncertain') AS uncertain
    FROM chosen
    JOIN engine_message AS message ON message.origin = chosen.origin AND message.priority = 9
                                  AND message.status IN ('failed', 'uncertain')
    JOIN engine_message AS again ON again.dedupe_key = 'again:' || message.id
    GROUP BY chosen.id
), counted AS (
    SELECT chosen.id,
           coalesce(copies.received, 0) AS received,
           coalesce(copies.failed, 0) - coalesce(repeated.failed, 0) AS failed,
           coalesce(copies.uncertain, 0) - coalesce(repeated.uncertain, 0) AS uncertain,
           (SELECT count(*) FROM broadcasts_broadcastclick WHERE broadcast_id = chosen.id) AS clicks,
           (SELECT count(*) FROM broadcasts_broadcastoptout WHERE broadcast_id = chosen.id) AS opt_outs
    FROM chosen LEFT JOIN copies ON copies.id = chosen.id LEFT JOIN repeated ON repeated.id = chosen.id
)
UPDATE broadcasts_broadcast AS broadcast
SET recipients_count = received, failed_count = failed, uncertain_count = uncertain,
    clicks_count = clicks, opt_outs_count = opt_outs
FROM counted
WHERE broadcast.id = counted.id
  AND (recipients_count, failed_count, uncertain_count, clicks_count, opt_outs_count)
      IS DISTINCT FROM (received, failed, uncertain, clicks, opt_outs)
"""


_PROGRESS = """
SELECT 'copy', status, count(*),
       count(*) FILTER (WHERE timestamp >= statement_timestamp() - make_interval(secs => %(seconds)s)),
       min(timestamp) FILTER (WHERE timestamp >= statement_timestamp() - make_interval(secs => %(seconds)s))
FROM engine_message WHERE origin = %(origin)s AND priority = 9 GROUP BY status
UNION ALL
SELECT 'repeated', message.status, count(*), 0, NULL
FROM engine_message AS message
JOIN engine_message AS again ON again.dedupe_key = 'again:' || message.id
WHERE message.origin = %(origin)s AND message.priority = 9 AND message.status IN ('failed', 'uncertain')
GROUP BY message.status
UNION ALL
SELECT 'postponed', '', count(*), 0, NULL FROM broadcasts_postponement WHERE broadcast_id = %(key)s
"""

_FOLLOW_UPS = """
SELECT follow_up.kind, message.status, count(message.id)
FROM (SELECT DISTINCT kind, kind || ':' || broadcast_id AS origin
      FROM broadcasts_followup WHERE broadcast_id = %(key)s) AS follow_up
LEFT JOIN engine_message AS message ON message.origin = follow_up.origin AND message.priority = 9
GROUP BY follow_up.kind, message.status
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a broadcast is.

    Attributes:
        planned: how many people it was for when it started.
        waiting: copies that are queued, being sent, or not made yet.
        postponed: those of them who get it later: after their quiet hours, or by their own clock.
        rate: messages a second over the last seconds.
        seconds_left: at this rate; None while there is none.
    """

    planned: int
    received: int
    failed: int
    uncertain: int
    cancelled: int
    waiting: int
    postponed: int
    rate: float
    seconds_left: int | None

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100."""
        done = self.received + self.failed + self.uncertain + self.cancelled
        total = done + self.waiting
        return 100 * done // total if total else 0


@dataclass(frozen=True, slots=True)
class FollowUpProgress:
    """How far a recall, or the corrections, are: numbers of messages."""

    kind: str
    done: int
    failed: int
    waiting: int


def copies(broadcast: Broadcast) -> QuerySet[Message]:
    """All copies: one message for each recipient, and those that operators sent again."""
    return Message.objects.filter(origin=broadcast.origin, priority=Priority.BROADCAST)


def undelivered(broadcast: Broadcast) -> QuerySet[Message]:
    """Copies that failed or are uncertain, without those that were sent again since."""
    return copies(broadcast).filter(~was_sent_again(), status__in=UNDELIVERED)


def progress(broadcast: Broadcast) -> Progress:
    """How far it is, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, {"origin": broadcast.origin, "key": broadcast.pk, "seconds": RATE_SECONDS})
        rows = {(kind, status): row for kind, status, *row in cursor.fetchall()}
    made = {status: count for (kind, status), (count, *_) in rows.items() if kind == "copy"}
    for status in UNDELIVERED:
        made[status] = made.get(status, 0) - rows.get(("repeated", status), (0,))[0]
    postponed = rows["postponed", ""][0] if broadcast.is_running else 0
    waiting = sum(made.get(status, 0) for status in OPEN)
    if broadcast.is_running and broadcast.fanned_out_at is None:
        waiting += max(broadcast.audience_size - sum(made.values()), postponed)
    else:
        waiting += postponed
    recent = [rows["copy", status] for status in RECEIVED if ("copy", status) in rows]
    rate = _rate(
        sum(count for _, count, _ in recent), min((first for *_, first in recent if first), default=None)
    )
    return Progress(
        planned=broadcast.audience_size,
        received=sum(made.get(status, 0) for status in RECEIVED),
        failed=made[Status.FAILED],
        uncertain=made[Status.UNCERTAIN],
        cancelled=made.get(Status.CANCELLED, 0),
        waiting=waiting,
        postponed=postponed,
        rate=rate,
        seconds_left=round(waiting / rate) if rate and waiting else None,
    )


def follow_ups(broadcast: Broadcast) -> list[FollowUpProgress]:
    """How far its recall and its corrections are, in one query; empty when there are none."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW_UPS, {"key": broadcast.pk})
        for kind, status, count in cursor.fetchall():
            found.setdefault(kind, {})[status or ""] = count
    return [
        FollowUpProgress(
            kind=kind,
            done=sum(counts.get(status, 0) for status in RECEIVED),
            failed=counts.get(Status.FAILED, 0) + counts.get(Status.UNCERTAIN, 0),
            waiting=sum(counts.get(status, 0) for status in OPEN),
        )
        for kind, counts in sorted(found.items())
    ]


def reasons(broadcast: Broadcast, *, limit: int = 50) -> list[tuple[str, str, int]]:
    """Why people did not get it: status, reason and how many, the most frequent first."""
    missed = copies(broadcast).filter(status__in=[*UNDELIVERED, Status.CANCELLED])
    missed = missed.filter(~Q(status__in=UNDELIVERED) | ~was_sent_again())
    grouped = missed.values_list("status", Left("error", 200)).annotate(count=Count("pk")).order_by("-count")
    return list(grouped[:limit])


def finish(broadcast: Broadcast) -> bool:
    """Close a broadcast of which nothing is under way any more; the caller holds its row lock."""
    if broadcast.postponements.exists() or copies(broadcast).filter(status__in=OPEN).exists():
        return False
    count(broadcast)
    broadcast.sent_at = timezone.now()
    broadcast.status = Broadcast.Status.SENT
    if not broadcast.recipients_count and (broadcast.failed_count or not broadcast.uncertain_count):
        broadcast.status = Broadcast.Status.FAILED
    broadcast.save(update_fields=["status", "sent_at"])
    return True


def count(broadcast: Broadcast) -> None:
    """Roll the ledger, the clicks and the opt-outs up into the broadcast's counters."""
    roll_up([broadcast.pk])
    broadcast.refresh_from_db(fields=COUNTERS)


def roll_up(keys: Sequence[UUID] = (), *, started_since: datetime | None = None) -> int:
    """Count anew for the broadcasts with these keys, and for those started since; how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLL_UP, {"keys": list(keys), "since": started_since})
        return cursor.rowcount


def _rate(count: int, first: datetime | None) -> float:
    if not first or count < 2:
        return 0.0
    return count / max((timezone.now() - first).total_seconds(), 1.0)
