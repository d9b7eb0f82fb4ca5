"""How many messages of a broadcast lie ready for the sender, and how long sending takes."""

from __future__ import annotations

from django.conf import settings

from telegrambot.engine.models import Message, Priority

CHUNK = 1000
# Seconds of sending that lie ready; more would only make pausing and cancelling slower.
AHEAD_SECONDS = 5
AHEAD_LEAST, AHEAD_MOST = 1000, 5000


def room(origin: str) -> int:
    """How many more messages of this origin should be made now; 0 until a good part of a chunk fits.

    Args:
        origin: what the messages name as their maker.
    """
    queued = Message.objects.filter(
        origin=origin, priority=Priority.BROADCAST, status=Message.Status.QUEUED
    ).order_by()
    ahead = _ahead()
    free = ahead - queued[:ahead].count()
    return min(free, CHUNK) if free >= min(CHUNK, ahead) // 2 else 0


def seconds_for(messages: int) -> float:
    """How long sending takes at the current budget; 0 where there is no limit."""
    rate = settings.MESSAGES_PER_SECOND
    return messages / rate if rate else 0.0


def _ahead() -> int:
    rate = settings.MESSAGES_PER_SECOND
    return int(min(max(rate * AHEAD_SECONDS, AHEAD_LEAST), AHEAD_MOST)) if rate else AHEAD_MOST
