"""Which operators hear of people who wait: all who have not switched it off."""

from __future__ import annotations

from django.db import transaction

from telegrambot.accounts.models import TelegramUser
from telegrambot.inbox.models import MutedOperator


def has_notices(person: TelegramUser) -> bool:
    """Whether an operator hears of people who wait."""
    return not MutedOperator.objects.filter(person=person).exists()


@transaction.atomic
def set_notices(is_on: bool, *, actor: TelegramUser) -> None:
    """Let the actor hear of people who wait, or not."""
    if is_on:
        MutedOperator.objects.filter(person=actor).delete()
    else:
        MutedOperator.objects.bulk_create([MutedOperator(person=actor)], ignore_conflicts=True)
