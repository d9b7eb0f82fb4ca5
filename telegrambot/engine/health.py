"""How the installation is doing, in a handful of cheap queries: for /health, the admin and monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext
from procrastinate.contrib.django.models import ProcrastinateJob

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Heartbeat, InboundUpdate, Message
from telegrambot.engine.resending import was_sent_again

# A service that gave no sign for so long is taken for dead.
SILENT_AFTER = timedelta(seconds=60)
# What may leave only later than that is put off (a notice until the morning), not about to be tried again.
_PUT_OFF = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Service:
    """One service and its last sign of life."""

    name: str
    holder: str
    beat_at: datetime
    problem: str

    @property
    def is_alive(self) -> bool:
        """Whether it gave a sign lately."""
        return timezone.now() - self.beat_at < SILENT_AFTER

    @property
    def problem_in_words(self) -> str:
        """What is wrong, in the language that is switched on; details, after a colon, as they came."""
        sentence, colon, details = self.problem.partition(": ")
        return gettext(sentence) + colon + details


@dataclass(frozen=True, slots=True)
class Health:
    """What a person on duty wants to know.

    Attributes:
        updates_waiting, messages_waiting: how many; `oldest_update`, `oldest_message`: since when. Messages
            wait from when they may leave.
        updates_failed, messages_failed, messages_uncertain: what waits for a person; not what was sent again.
        jobs_failed: background jobs that ended in an error.
    """

    database: str
    updates_waiting: int
    oldest_update: datetime | None
    updates_failed: int
    messages_waiting: int
    oldest_message: datetime | None
    messages_failed: int
    messages_uncertain: int
    jobs_failed: int
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """People and messages, all told and lately."""

    people: int
    people_new_this_week: int
    people_seen_today: int
    people_blocked: int
    received_today: int
    sent_today: int


def waits_to_leave() -> Q:
    """Messages that the sender should be rid of soon: neither held back nor put off."""
    return Q(status=Message.Status.QUEUED, not_before__lte=timezone.now() + _PUT_OFF)


def health(*, besides: int = 0) -> Health:
    """Look at queues, failures and signs of life.

    Args:
        besides: the key of an update that is not waiting any more, such as the one that asks.
    """
    # Two conditions, not `IN`: PostgreSQL finds a partial index for each.
    updates = InboundUpdate.objects.filter(Q(status="pending") | Q(status="failed")).aggregate(
        waiting=Count("pk", filter=Q(status="pending") & ~Q(pk=besides)),
        oldest=Min("received_at", filter=Q(status="pending") & ~Q(pk=besides)),
        failed=Count("pk", filter=Q(status="failed")),
    )
    messages = Message.objects.filter(
        waits_to_leave() | (Q(status__in=["failed", "uncertain"]) & ~was_sent_again())
    ).aggregate(
        waiting=Count("pk", filter=Q(status="queued")),
        oldest=Min("not_before", filter=Q(status="queued")),
        failed=Count("pk", filter=Q(status="failed")),
        uncertain=Count("pk", filter=Q(status="uncertain")),
    )
    services = Heartbeat.objects.order_by("service").values_list("service", "holder", "beat_at", "problem")
    version = connection.pg_version  # type: ignore[attr-defined]
    return Health(
        database=f"PostgreSQL {version // 10000}.{version % 10000}",
        updates_waiting=updates["waiting"],
        oldest_update=updates["oldest"],
        updates_failed=updates["failed"],
        messages_waiting=messages["waiting"],
        oldest_message=messages["oldest"],
        messages_failed=messages["failed"],
        messages_uncertain=messages["uncertain"],
        jobs_failed=ProcrastinateJob.objects.filter(status="failed").count(),
        services=tuple(Service(*row) for row in services),
    )


def statistics() -> Statistics:
    """Count people and messages."""
    now = timezone.now()
    day, week = now - timedelta(days=1), now - timedelta(days=7)
    people = TelegramUser.objects.aggregate(
        all=Count("pk"),
        new=Count("pk", filter=Q(created_at__gte=week)),
        seen=Count("pk", filter=Q(last_seen_at__gte=day)),
        blocked=Count("pk", filter=Q(blocked_at__isnull=False)),
    )
    messages = Message.objects.filter(created_at__gte=day, operation="send").aggregate(
        received=Count("pk", filter=Q(direction="inbound")),
        sent=Count("pk", filter=Q(direction="outbound", status__in=["sent", "delivered", "read"])),
    )
    return Statistics(
        people["all"],
        people["new"],
        people["seen"],
        people["blocked"],
        messages["received"],
        messages["sent"],
    )


def beat(service: str, holder: str, problem: str = "") -> None:
    """Note a sign of life of a service.

    Args:
        service: such as "poller".
        holder: who runs it (host and process).
        problem: what is wrong right now, in a sentence; empty when all is well. English, and marked for
            translation; details may follow after a colon.
    """
    Heartbeat.objects.update_or_create(
        service=service, defaults={"holder": holder, "beat_at": timezone.now(), "problem": problem}
    )


def retire(service: str) -> None:
    """Expect no more signs of life of a service: it is not needed any more."""
    Heartbeat.objects.filter(service=service).delete()
