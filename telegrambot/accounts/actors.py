"""People and accounts as the audit log knows them: one id for a person, whether they write or sign in."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from audit.context import SYSTEM
from config.admin_search import whole_number
from telegrambot.accounts.models import TelegramUser, User

_ACCOUNT = "user:"


def actor_id(who: TelegramUser | User | None) -> str:
    """The canonical id: the person's own, also for the account they sign in with; nobody is the program."""
    if isinstance(who, TelegramUser):
        return str(who.pk)
    if isinstance(who, User):
        person: TelegramUser | None = getattr(who, "person", None)
        return str(person.pk) if person is not None else f"{_ACCOUNT}{who.pk}"
    return SYSTEM


def actor_ids(person: TelegramUser) -> list[str]:
    """Every id under which a person may have acted: the account had its own before it was linked."""
    ids = [str(person.pk)]
    return [*ids, f"{_ACCOUNT}{person.staff_id}"] if person.staff_id is not None else ids


def names_of(user_ids: Iterable[str]) -> dict[str, str]:
    """The names of those people and accounts that are known, with one query for each of the two kinds."""
    people, accounts = {}, {}
    for user_id in user_ids:
        if user_id.startswith(_ACCOUNT):
            if (number := whole_number(user_id.removeprefix(_ACCOUNT))) is not None:
                accounts[number] = user_id
        elif (key := _uuid(user_id)) is not None:
            people[key] = user_id
    found: dict[str, str] = {}
    if people:
        found |= {people[person.pk]: str(person) for person in TelegramUser.objects.filter(pk__in=people)}
    if accounts:
        found |= {accounts[user.pk]: str(user) for user in User.objects.filter(pk__in=accounts)}
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
