"""What every bot process does for broadcasts again and again: start what is due, make copies, hold back."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from telegrambot.broadcasts import fan_out, services
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.rounds import every

Status = Broadcast.Status


@every(seconds=0.5)
def make_copies() -> bool:
    """Keep copies ready for the sender."""
    return fan_out.advance_all()


@every(seconds=1)
def start_due() -> bool:
    """Start what is scheduled for now."""
    latest = timezone.now() + services.EARLIEST_ZONE
    due = Broadcast.objects.filter(status=Status.SCHEDULED, needs_confirmation=False).filter(
        Q(scheduled_at__lte=timezone.now()) | Q(scheduled_at__lte=latest, is_local_time=True)
    )
    has_started = False
    for broadcast in due.order_by("scheduled_at", "pk"):
        has_started |= services.start_if_due(broadcast)
    return has_started


@every(seconds=0.5)
def hold_back() -> bool:
    """Hold back what came back to be tried again after its broadcast was paused or cancelled."""
    recent = timezone.now() - services.STRAGGLERS_COME_WITHIN
    for broadcast in Broadcast.objects.filter(
        Q(status=Status.PAUSED) | Q(status=Status.CANCELLED, sent_at__gte=recent)
    ):
        _hold(broadcast)
    return False


@transaction.atomic
def _hold(broadcast: Broadcast) -> None:
    row = Broadcast.objects.select_for_update(skip_locked=True, no_key=True).filter(
        pk=broadcast.pk, status=broadcast.status
    )
    if found := row.first():
        services.hold(found)
