"""From what an operator types to keys, so that the large tables are asked by index only."""

from __future__ import annotations

import re
from uuid import UUID

from django.db.models import Q

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog

# More people of one name than this, and the operator types more of it.
MAX_MATCHES = 100
_BIGINT = 2**63


def number(term: str) -> int | None:
    """The 64-bit number that was typed, if it was one."""
    # ASCII digits only, and not so many that reading them takes time.
    if not re.fullmatch(r"-?[0-9]{1,19}", term):
        return None
    return int(term) if abs(int(term)) < _BIGINT else None


def people(term: str) -> list[UUID]:
    """People of whom every word is the Telegram id or begins the username, first or last name."""
    found = Q()
    for word in term.split():
        name = word.removeprefix("@")
        match = (
            Q(username__istartswith=name) | Q(first_name__istartswith=name) | Q(last_name__istartswith=name)
        )
        if (telegram_id := number(word)) is not None:
            match |= Q(telegram_id=telegram_id)
        found &= match
    return list(TelegramUser.objects.filter(found).values_list("pk", flat=True)[:MAX_MATCHES])


def dialogs(term: str) -> list[int]:
    """Chats with this chat id, or with the people of this name."""
    found = Q(person__in=people(term))
    if number(term) is not None:
        found |= Q(telegram_dialog_id=term)
    return list(Dialog.objects.filter(found).values_list("pk", flat=True)[:MAX_MATCHES])
