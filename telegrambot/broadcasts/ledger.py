"""What became of a broadcast's copies: its ledger is the engine's table of messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Left
from django.utils import timezone

from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.models import Message, Priority

Status = Message.Status
RECEIVED = (Status.SENT, Status.DELIVERED, Status.READ)
OPEN = (Status.QUEUED, Status.SENDING)
# The rate is measured over the last so many seconds.
RATE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a broadcast is.

    Attributes:
        planned: how many people it was for when it started.
        waiting: copies that are queued, being sent, or not made yet.
        rate: messages a second over the last seconds.
        seconds_left: at this rate; None while there is none.
    """

    planned: int
    received: int
    failed: int
    uncertain: int
    cancelled: int
    waiting: int
    rate: float
    seconds_left: int | None

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100."""
        done = self.received + self.failed + self.uncertain + self.cancelled
        total = done + self.waiting
        return 100 * done // total if total else 0


def copies(broadcast: Broadcast) -> QuerySet[Message]:
    """All copies: one message for each recipient."""
    return Message.objects.filter(
        origin=broadcast.origin, priority=Priority.BROADCAST, operation=Message.Operation.SEND
    )


def waiting(broadcast: Broadcast, *, at_most: int) -> int:
    """How many copies are queued, counted no further than `at_most`."""
    return copies(broadcast).filter(status=Status.QUEUED)[:at_most].count()


def progress(broadcast: Broadcast) -> Progress:
    """How far it is, in two queries."""
    counts = _counts(broadcast)
    received = sum(counts.get(status, 0) for status in RECEIVED)
    failed, uncertain, cancelled = (
        counts.get(status, 0) for status in (Status.FAILED, Status.UNCERTAIN, Status.CANCELLED)
    )
    is_running = broadcast.status in {Broadcast.Status.SENDING, Broadcast.Status.PAUSED}
    left = sum(counts.get(status, 0) for status in OPEN)
    if is_running:
        made = sum(counts.values())
        left += max(broadcast.audience_size - made, 0)
    recent = copies(broadcast).filter(
        status__in=RECEIVED, timestamp__gte=timezone.now() - timedelta(seconds=RATE_SECONDS)
    )
    seen = recent.aggregate(count=Count("pk"), first=Min("timestamp"))
    rate = _rate(seen["count"], seen["first"])
    return Progress(
        planned=broadcast.audience_size,
        received=received,
        failed=failed,
        uncertain=uncertain,
        cancelled=cancelled,
        waiting=left,
        rate=rate,
        seconds_left=round(left / rate) if rate and left else None,
    )


def reasons(broadcast: Broadcast) -> list[tuple[str, str, int]]:
    """Why people did not get it: status, reason and how many, the most frequent first."""
    missed = copies(broadcast).filter(status__in=[Status.FAILED, Status.UNCERTAIN, Status.CANCELLED])
    grouped = missed.values_list("status", Left("error", 200)).annotate(count=Count("pk")).order_by("-count")
    return list(grouped[:50])


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
    """Roll the ledger up into the broadcast's counters."""
    counts = _counts(broadcast)
    broadcast.recipients_count = sum(counts.get(status, 0) for status in RECEIVED)
    broadcast.failed_count = counts.get(Status.FAILED, 0)
    broadcast.uncertain_count = counts.get(Status.UNCERTAIN, 0)
    broadcast.clicks_count = broadcast.clicks.count()
    broadcast.opt_outs_count = broadcast.opt_outs.count()
    broadcast.save(
        update_fields=[
            "recipients_count",
            "failed_count",
            "uncertain_count",
            "clicks_count",
            "opt_outs_count",
        ]
    )


def _counts(broadcast: Broadcast) -> dict[str, int]:
    grouped = copies(broadcast).values_list("status").annotate(count=Count("pk")).order_by()
    return dict(grouped)


def _rate(count: int, first: datetime | None) -> float:
    if not first or count < 2:
        return 0.0
    return count / max((timezone.now() - first).total_seconds(), 1.0)
