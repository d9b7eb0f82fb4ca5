"""People and accounts as the audit log's pages show them: found by name, called by name, linked."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from audit import directory
from audit.titles import Row, register_titles
from config.admin_search import whole_number
from telegrambot.accounts.actors import actor_ids, names_of
from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.search import called

# More people of one name than these, and the operator types more of it.
_MOST_FOUND = 100
_ACCOUNT = "user:"


def register() -> None:
    """Tell the audit log what this app knows."""
    directory.register_finder(find)
    directory.register_rows(row_of)
    register_titles(TelegramUser._meta.label_lower, names_of)
    register_titles(User._meta.label_lower, _account_names)
    register_titles(BotCommand._meta.label_lower, _command_names)


def find(typed: str) -> list[str]:
    """The canonical ids of the people and accounts called so; none for an empty text."""
    if not typed.strip():
        return []
    people = TelegramUser.objects.filter(called(typed))[:_MOST_FOUND]
    accounts = User.objects.filter(username__istartswith=typed.strip(), person=None)[:_MOST_FOUND]
    ids = [user_id for person in people for user_id in actor_ids(person)]
    return [*ids, *(f"{_ACCOUNT}{account.pk}" for account in accounts)]


def row_of(user_id: str) -> Row | None:
    """The person or the account that an actor's canonical id stands for."""
    if user_id.startswith(_ACCOUNT):
        number = user_id.removeprefix(_ACCOUNT)
        return (User._meta.label_lower, number) if whole_number(number) is not None else None
    return (TelegramUser._meta.label_lower, user_id) if _is_uuid(user_id) else None


def _account_names(keys: Iterable[str]) -> dict[str, str]:
    return {str(row.pk): row.username for row in User.objects.filter(pk__in=_numbers(keys))}


def _command_names(keys: Iterable[str]) -> dict[str, str]:
    return {str(row.pk): str(row) for row in BotCommand.objects.filter(pk__in=_numbers(keys))}


def _numbers(keys: Iterable[str]) -> list[int]:
    return [number for key in keys if (number := whole_number(key)) is not None]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
