"""Who a broadcast is for, who of them gets it, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from telegrambot.accounts import audience
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.models import BotIdentity, Dialog

_OPEN = Q(is_active=True, blocked_at__isnull=True, opted_out_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience in numbers.

    Each person left out counts once, by the first reason that applies, in the order of the attributes.
    """

    recipients: int
    inactive: int
    blocked: int
    opted_out: int
    without_chat: int

    @property
    def left_out(self) -> int:
        """How many do not get it."""
        return self.inactive + self.blocked + self.opted_out + self.without_chat


def chosen(broadcast: Broadcast) -> dict[str, object]:
    """The conditions of its audience as they are now."""
    match broadcast.target_audience:
        case Broadcast.Audience.SUBSCRIBER:
            return {"roles": [Role.SUBSCRIBER.value]}
        case Broadcast.Audience.ADMIN:
            return {"roles": [Role.ADMIN.value, Role.OWNER.value]}
        case Broadcast.Audience.SEGMENT:
            assert broadcast.segment is not None  # ck_broadcast_segment
            return dict(broadcast.segment.conditions)
    return {}


def reachable(conditions: dict[str, object]) -> QuerySet[TelegramUser]:
    """Those of an audience who get a broadcast: opted-out, blocked and inactive people never do."""
    return audience.people(conditions).filter(_OPEN, pk__in=chats().values("person"))


def in_order(conditions: dict[str, object], *, until: datetime | None = None) -> QuerySet[TelegramUser]:
    """The same people by their keys, each with the key of their chat as `dialog_id`.

    For taking them a few at a time: it looks up the chats of those few, where a set of all would be joined.

    Args:
        until: without those who came, or opened the chat, later.
    """
    people, own = audience.people(conditions).filter(_OPEN), chats().filter(person=OuterRef("pk"))
    if until is not None:
        people, own = people.filter(created_at__lte=until), own.filter(created_at__lte=until)
    people = people.annotate(dialog_id=Subquery(own.order_by("pk").values("pk")[:1]))
    return people.filter(dialog_id__isnull=False).order_by("pk")


def reach(conditions: dict[str, object]) -> Reach:
    """Count an audience, in one query."""
    blocked, out = Q(blocked_at__isnull=False), Q(opted_out_at__isnull=False)
    counts = audience.people(conditions).aggregate(
        # As a set, not one look-up for each person.
        recipients=Count("pk", filter=_OPEN & Q(pk__in=chats().values("person"))),
        open=Count("pk", filter=_OPEN),
        inactive=Count("pk", filter=Q(is_active=False)),
        blocked=Count("pk", filter=Q(is_active=True) & blocked),
        opted_out=Count("pk", filter=Q(is_active=True) & ~blocked & out),
    )
    return Reach(without_chat=counts.pop("open") - counts["recipients"], **counts)


def chats() -> QuerySet[Dialog]:
    """The bot's own private chats with people."""
    return Dialog.objects.filter(
        person__isnull=False,
        platform="telegram",
        type=Dialog.Type.PRIVATE,
        business_connection_id="",
        bot_id__in=BotIdentity.objects.values("bot_id"),
    )
