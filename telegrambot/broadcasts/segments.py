"""Saved choices of people: the only door to a write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from telegrambot.accounts import audience
from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import services
from telegrambot.broadcasts.exceptions import SegmentInUse
from telegrambot.broadcasts.models import Broadcast, Segment


@transaction.atomic
def save(
    segment: Segment, *, conditions: Mapping[str, Any], actor: TelegramUser | None, **values: Any
) -> int:
    """Create or change a segment. Other people than were confirmed take broadcasts for it off the schedule.

    Args:
        conditions: those that change, by name; None takes one away. What no app knows any more goes too.
        values: of `name` and `description` those that change.

    Returns:
        How many broadcasts are drafts again.

    Raises:
        ValidationError: a value is wrong, or the name is taken.
    """
    is_new = segment._state.adding
    if not is_new:
        _lock_open_broadcasts(segment)
    before = None if is_new else Segment.objects.select_for_update().get(pk=segment.pk).conditions
    known = {condition.name for condition in audience.conditions()}
    merged = {name: value for name, value in (before or {}).items() if name in known} | {**conditions}
    segment.conditions = {name: value for name, value in merged.items() if value is not None}
    for name, value in values.items():
        setattr(segment, name, value)
    segment.full_clean()
    segment.save(force_insert=is_new, update_fields=None if is_new else [*values, "conditions"])
    if is_new or segment.conditions == before:
        return 0
    scheduled = segment.broadcasts.filter(status=Broadcast.Status.SCHEDULED).order_by("pk")
    for broadcast in scheduled:
        services.unschedule(broadcast, actor=actor)
    return len(scheduled)


@transaction.atomic
def discard(segment: Segment, *, actor: TelegramUser | None) -> None:
    """Delete a segment.

    Raises:
        SegmentInUse: a broadcast is, or was, for it.
    """
    require_unused(Segment.objects.select_for_update().get(pk=segment.pk))
    segment.delete()


def require_unused(segment: Segment) -> None:
    """Refuse to part with a segment that broadcasts need.

    Raises:
        SegmentInUse: a broadcast is, or was, for it.
    """
    if count := segment.broadcasts.count():
        raise SegmentInUse(name=segment.name, count=count)


def _lock_open_broadcasts(segment: Segment) -> None:
    """Wait for whoever counts its people at this moment, to start or schedule a broadcast for them."""
    found = segment.broadcasts.filter(status__in=[Broadcast.Status.DRAFT, Broadcast.Status.SCHEDULED])
    list(found.order_by("pk").select_for_update(no_key=True).values_list("pk"))
