"""By which of their broadcasts people can be chosen."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts import audience
from telegrambot.broadcasts import ledger
from telegrambot.broadcasts.models import Broadcast, BroadcastClick


def _got(broadcast_id: UUID) -> Q:
    copies = ledger.copies(Broadcast(pk=broadcast_id)).filter(
        status__in=ledger.RECEIVED, person__isnull=False
    )
    return Q(pk__in=copies.values("person"))


def _clicked(broadcast_id: UUID) -> Q:
    return Q(pk__in=BroadcastClick.objects.filter(broadcast=broadcast_id).values("person"))


def _started() -> QuerySet[Broadcast]:
    return Broadcast.objects.filter(started_at__isnull=False).order_by("-started_at", "pk")


_ask = audience.key_field(_started, "title")
audience.register("got_broadcast", _("got the broadcast"), audience.read_key, _got, _ask)
audience.register(
    "clicked_broadcast", _("pressed a button of the broadcast"), audience.read_key, _clicked, _ask
)
