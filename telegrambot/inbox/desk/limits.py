"""What models may cost in a day."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from telegrambot.inbox.desk.exceptions import DailyLimitReached
from telegrambot.inbox.models import ModelCall
from telegrambot.vault import settings_store


def require_room() -> None:
    """Refuse another call when today's tokens or money are used up (the installation's day).

    Raises:
        DailyLimitReached: they are.
    """
    most_tokens = settings_store.get("drafting.daily_tokens", int)
    most_cost = settings_store.get("drafting.daily_cost", float)
    if not most_tokens and not most_cost:
        return
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    used = ModelCall.objects.filter(created_at__gte=midnight).aggregate(
        tokens=Coalesce(Sum("tokens_in") + Sum("tokens_out"), 0), cost=Coalesce(Sum("cost"), Decimal(0))
    )
    if most_tokens and used["tokens"] >= most_tokens:
        raise DailyLimitReached
    if most_cost and used["cost"] >= Decimal(str(most_cost)):
        raise DailyLimitReached
