"""People who block the bot, and people who come back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog, Message, Priority

_GONE = {"kicked", "left"}


def follow(dialog: Dialog, change: dict[str, Any]) -> None:
    """Act on `my_chat_member`: the bot's own standing in a chat changed."""
    if not dialog.is_private_with_bot or dialog.person_id is None:
        return
    if change.get("new_chat_member", {}).get("status") in _GONE:
        mark_blocked(dialog)
    else:
        mark_back(dialog)


def mark_back(dialog: Dialog) -> None:
    """Remember that this person has not blocked the bot (any more)."""
    if dialog.is_private_with_bot and dialog.person_id is not None:
        TelegramUser.objects.filter(pk=dialog.person_id, blocked_at__isnull=False).update(blocked_at=None)


def mark_blocked(dialog: Dialog) -> None:
    """Remember that this person blocked the bot, and take back the broadcasts still waiting for them."""
    if not dialog.is_private_with_bot or dialog.person_id is None:
        return
    TelegramUser.objects.filter(pk=dialog.person_id, blocked_at__isnull=True).update(
        blocked_at=timezone.now()
    )
    Message.objects.filter(dialog=dialog, status=Message.Status.QUEUED, priority=Priority.BROADCAST).update(
        status=Message.Status.CANCELLED, error="The person blocked the bot."
    )
