"""From what an operator types to keys, so that the large tables are asked by index only."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from config.admin_search import whole_number
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.search import called
from telegrambot.engine.models import Dialog

# More people of one name than this, and the operator types more of it.
MAX_MATCHES = 100


def people(term: str) -> list[UUID]:
    """People of whom every word is the Telegram id or begins the username, first or last name."""
    return list(TelegramUser.objects.filter(called(term)).values_list("pk", flat=True)[:MAX_MATCHES])


def dialogs(term: str) -> list[int]:
    """Chats with this chat id, or with the people of this name."""
    found = Q(person__in=people(term))
    if whole_number(term) is not None:
        found |= Q(telegram_dialog_id=term)
    return list(Dialog.objects.filter(found).values_list("pk", flat=True)[:MAX_MATCHES])
