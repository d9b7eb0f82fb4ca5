"""The numbers of the home page: a fixed number of queries, each answered by an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import InboundUpdate, Message

HOURS = 24
DAYS = 14


@dataclass(frozen=True, slots=True)
class Hour:
    """What was said in one hour, by either side."""

    begins: datetime
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Day:
    """How many people wrote for the first time on one day."""

    day: date
    people: int


@dataclass(frozen=True, slots=True)
class Active:
    """How many people wrote or pressed something lately."""

    today: int
    this_week: int


def put_aside() -> Q:
    """Updates that could not be read or stored, kept for a person to look at."""
    return Q(status=InboundUpdate.Status.FAILED, dialog__isnull=True)


def count_put_aside() -> int:
    """How many updates were put aside."""
    return InboundUpdate.objects.filter(put_aside()).count()


def messages_by_hour() -> list[Hour]:
    """The last 24 hours, in the active time zone; hours in which nothing was said too."""
    last = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    # Through UTC: on the day the clocks change an hour is missing or comes twice.
    zone = timezone.get_current_timezone()
    hours = [(last.astimezone(UTC) - timedelta(hours=back)).astimezone(zone) for back in range(HOURS)]
    found = (
        Message.objects.filter(created_at__gte=hours[-1], operation="send")
        .annotate(hour=TruncHour("created_at"))
        .values("hour")
        .annotate(
            received=Count("pk", filter=Q(direction="inbound")),
            sent=Count("pk", filter=Q(direction="outbound", status__in=["sent", "delivered", "read"])),
        )
        .values_list("hour", "received", "sent")
        .order_by()
    )
    known = {hour: (received, sent) for hour, received, sent in found}
    return [Hour(hour, *known.get(hour, (0, 0))) for hour in reversed(hours)]


def new_people_by_day() -> list[Day]:
    """The last two weeks, in the active time zone; days without anybody too."""
    today = timezone.localdate()
    begins = timezone.make_aware(datetime.combine(today - timedelta(days=DAYS - 1), datetime.min.time()))
    found = (
        TelegramUser.objects.filter(created_at__gte=begins)
        .annotate(day=TruncDay("created_at"))
        .values("day")
        .annotate(people=Count("pk"))
        .values_list("day", "people")
        .order_by()
    )
    known = {timezone.localdate(day): people for day, people in found}
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [Day(day, known.get(day, 0)) for day in days]


def active_people() -> Active:
    """Count who was seen in 24 hours and in seven days."""
    now = timezone.now()
    seen = TelegramUser.objects.filter(last_seen_at__gte=now - timedelta(days=7))
    found = seen.aggregate(
        today=Count("pk", filter=Q(last_seen_at__gte=now - timedelta(days=1))), this_week=Count("pk")
    )
    return Active(**found)
