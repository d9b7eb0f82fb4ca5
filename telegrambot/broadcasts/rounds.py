"""What every bot process does for broadcasts again and again: start what is due, make copies, hold back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from telegrambot.broadcasts import amendments, fan_out, schedule, services
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.rounds import every, for_each

Status = Broadcast.Status

# A message that was under way when its broadcast ended may be queued for another try this much later.
STRAGGLERS_COME_WITHIN = timedelta(minutes=10)


@every(seconds=0.5)
def make_copies() -> bool:
    """Keep copies ready for the sender."""
    return fan_out.advance_all()


@every(seconds=0.5)
def amend_copies() -> bool:
    """Keep deletions and corrections of copies ready for the sender."""
    return amendments.advance_all()


@every(seconds=1)
def start_due() -> bool:
    """Start what is scheduled for now."""
    return schedule.start_due()


@every(seconds=0.5)
def hold_back() -> bool:
    """Hold back what came back to be tried again after its broadcast was paused or ended before its end."""
    recent = timezone.now() - STRAGGLERS_COME_WITHIN
    ended = Q(status=Status.CANCELLED) | (Q(status=Status.FAILED) & ~Q(problem=""))
    held = Broadcast.objects.filter(Q(status=Status.PAUSED) | (ended & Q(sent_at__gte=recent)))
    return for_each(list(held), _hold)


@transaction.atomic
def _hold(broadcast: Broadcast) -> bool:
    row = Broadcast.objects.select_for_update(skip_locked=True, no_key=True).filter(
        pk=broadcast.pk, status=broadcast.status
    )
    if found := row.first():
        services.hold(found)
    return False
