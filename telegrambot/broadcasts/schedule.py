"""Start what is due; ask first when its time passed while nothing was running, or when something is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.errors import DomainError
from telegrambot.broadcasts import clocks, content, notices, recipients, services
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.rounds import for_each

_MAX_PROBLEM = 300


def start_due() -> bool:
    """Start what is scheduled for now."""
    now = timezone.now()
    due = Broadcast.objects.filter(
        Q(scheduled_at__lte=now) | Q(scheduled_at__lte=now + clocks.EARLIEST_ZONE, is_local_time=True),
        status=Broadcast.Status.SCHEDULED,
        needs_confirmation=False,
    )
    return for_each(list(due.order_by("scheduled_at", "pk")), start_if_due)


@transaction.atomic
def start_if_due(broadcast: Broadcast) -> bool:
    """Start a scheduled broadcast whose time has come, or ask the operators; tells whether it started."""
    row = services.locked(broadcast)
    if row.status != Broadcast.Status.SCHEDULED or row.needs_confirmation:
        return False
    now, first = timezone.now(), clocks.starts_at(row)
    if first is None or now < first:
        return False
    try:
        if _is_late(row, now - timedelta(minutes=settings.BROADCAST_GRACE_MINUTES), first):
            return _ask(row, "")
        content.check(row)
        count = recipients.reach(recipients.chosen(row)).recipients
    except DomainError as error:
        return _ask(row, str(error))
    except ValidationError as error:
        return _ask(row, " ".join(error.messages))
    services.begin(row, count)
    return True


def _is_late(row: Broadcast, latest: datetime, first: datetime) -> bool:
    """Whether its time passed before `latest`, or passed for somebody by whose own clock it goes."""
    if first >= latest or (wall_clock := clocks.wall_clock_of(row)) is None:
        return first < latest
    zones = recipients.reachable(recipients.chosen(row)).order_by().values_list("timezone", flat=True)
    default = clocks.operators_zone(row)
    return any(clocks.when_shown(wall_clock, zone, default) < latest for zone in zones.distinct())


def _ask(row: Broadcast, problem: str) -> bool:
    row.needs_confirmation, row.problem = True, problem[:_MAX_PROBLEM]
    row.save(update_fields=["needs_confirmation", "problem"])
    notices.ask_about(row)
    return False
