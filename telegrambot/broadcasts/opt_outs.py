"""People who want no more broadcasts."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import ledger
from telegrambot.broadcasts.models import ORIGIN, Broadcast, BroadcastOptOut
from telegrambot.engine.models import Message, Priority

# Who leaves so soon after a broadcast leaves because of it.
BECAUSE_OF_IT = timedelta(hours=24)


def follow(person: TelegramUser) -> None:
    """Take back what waits for this person, and note which broadcast it was that they left after."""
    # Not what takes a broadcast back or corrects it: that is owed to whoever has it.
    broadcasts = Message.objects.filter(
        person=person, priority=Priority.BROADCAST, operation=Message.Operation.SEND
    )
    missed = broadcasts.filter(status__in=ledger.UNDELIVERED, origin__startswith=ORIGIN)
    keys = {origin.removeprefix(ORIGIN) for origin in missed.values_list("origin", flat=True)}
    # Whoever makes copies at this moment, or sends one again, may have this person among them: wait for what
    # they make.
    running = Broadcast.objects.filter(Q(status=Broadcast.Status.SENDING) | Q(pk__in=keys)).order_by("pk")
    list(running.select_for_update(no_key=True).values_list("pk"))
    broadcasts.filter(status=Message.Status.QUEUED).update(
        status=Message.Status.CANCELLED, error="The person opted out of broadcasts."
    )
    last = (
        broadcasts.filter(
            status__in=ledger.RECEIVED,
            origin__startswith=ORIGIN,
            timestamp__gte=timezone.now() - BECAUSE_OF_IT,
        )
        .order_by("-id")
        .first()
    )
    if last is None:
        return
    broadcast = Broadcast.objects.filter(pk=last.origin.removeprefix(ORIGIN)).first()
    if broadcast is not None:
        BroadcastOptOut.objects.bulk_create(
            [BroadcastOptOut(broadcast=broadcast, person=person)], ignore_conflicts=True
        )
