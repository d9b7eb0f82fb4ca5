"""Operators who leave the team: what was held back for their quiet hours tells of customers."""

from __future__ import annotations

from django.db.models import Q

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Message, Priority
from telegrambot.inbox import notices
from telegrambot.inbox.desk import cards


def follow(person: TelegramUser) -> None:
    """Take back the notices and cards that have not left yet."""
    ours = Q(origin__startswith=notices.ORIGIN) | Q(origin__startswith=cards.ORIGIN)
    queued = Message.objects.filter(
        ours, person=person, status=Message.Status.QUEUED, priority=Priority.NOTICE
    )
    queued.update(status=Message.Status.CANCELLED)
