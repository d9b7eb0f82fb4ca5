"""People, found by what is typed: the beginning of a name, or a whole Telegram id."""

from __future__ import annotations

from django.db.models import Q

from config.admin_search import whole_number


def called(term: str) -> Q:
    """Those of whom every word begins the username, first or last name, or is the Telegram id, by index."""
    found = Q()
    for word in term.split():
        name = word.removeprefix("@")
        match = (
            Q(username__istartswith=name) | Q(first_name__istartswith=name) | Q(last_name__istartswith=name)
        )
        if (telegram_id := whole_number(word)) is not None:
            match |= Q(telegram_id=telegram_id)
        found &= match
    return found
