"""Start what is due; ask first when its time passed while nothing was running, or when something is wrong."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.errors import DomainError
from telegrambot.broadcasts import content, notices, recipients, services
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.rounds import for_each

# From the first time zone of a day (UTC+14) to the last (UTC-12).
EARLIEST_ZONE = timedelta(hours=26)
_MAX_PROBLEM = 300


def start_due() -> bool:
    """Start what is scheduled for now."""
    now = timezone.now()
    due = Broadcast.objects.filter(
        Q(scheduled_at__lte=now) | Q(scheduled_at__lte=now + EARLIEST_ZONE, is_local_time=True),
        status=Broadcast.Status.SCHEDULED,
        needs_confirmation=False,
    )
    return for_each(list(due.order_by("scheduled_at", "pk")), start_if_due)


@transaction.atomic
def start_if_due(broadcast: Broadcast) -> bool:
    """Start a scheduled broadcast whose time has come, or ask the operators; tells whether it started."""
    row = services.locked(broadcast)
    if row.status != Broadcast.Status.SCHEDULED or row.needs_confirmation or row.scheduled_at is None:
        return False
    now, first = timezone.now(), row.scheduled_at - (EARLIEST_ZONE if row.is_local_time else timedelta(0))
    if now < first:
        return False
    if now > row.scheduled_at + timedelta(minutes=settings.BROADCAST_GRACE_MINUTES):
        return _ask(row, "")
    try:
        content.check(row)
        count = recipients.reach(recipients.chosen(row)).recipients
    except DomainError as error:
        return _ask(row, str(error))
    except ValidationError as error:
        return _ask(row, " ".join(error.messages))
    services.begin(row, count)
    return True


def _ask(row: Broadcast, problem: str) -> bool:
    row.needs_confirmation, row.problem = True, problem[:_MAX_PROBLEM]
    row.save(update_fields=["needs_confirmation", "problem"])
    notices.ask_about(row)
    return False
