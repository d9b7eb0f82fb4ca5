"""Settings that may change while the program runs: read without a query, never staler than a second.

Each process keeps what the table held (secrets as they lie there, encrypted). What is kept serves for a
second from the moment it was asked for; a process that asks again and again has a thread which asks anew
before that, and at once when PostgreSQL tells of a change (see snapshots.py). A transaction that has changed
settings itself reads the table, so that its values are its own until it commits.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, TypeVar, cast

from django.db import connection, transaction
from django.db.models import Model
from django.utils import translation
from django.utils.asyncio import async_unsafe
from django.views.decorators.debug import sensitive_variables

from audit.context import current
from config.errors import DomainError
from telegrambot.vault import cipher, snapshots
from telegrambot.vault.catalogue import LONGEST_CATEGORY, Setting, find
from telegrambot.vault.models import AppSetting
from telegrambot.vault.snapshots import Stored

logger = logging.getLogger(__name__)

T = TypeVar("T", bool, int, float, str, list[str])


@async_unsafe
def get(key: str, kind: type[T]) -> T:
    """Return what a setting is now: what was set, or its default. Not for the event loop: it may ask.

    A stored value that the setting no longer allows counts as not set; the log and the page tell of it.

    Args:
        kind: the setting's own kind: bool, int, float, str or list[str].

    Raises:
        UnknownSetting: nobody declared the key.
        TypeError: the setting is of another kind.
        UnreadableSecret: none of VAULT_KEYS decrypts it.
    """
    setting = find(key)
    if kind != setting.kind:
        raise TypeError(f"{key} is {setting.kind}, not {kind}.")
    stored = _stored(key)
    return cast("T", setting.default if stored is None else value_of(setting, stored))


@sensitive_variables()
@transaction.atomic
def set(key: str, value: Any, *, actor: Model | None) -> None:  # noqa: A001  (as of a mapping)
    """Give a setting a value. Every process knows it within a second of the commit.

    Args:
        value: of the setting's own kind.
        actor: the person who does it; None: whoever the audit log says acts now.

    Raises:
        UnknownSetting: nobody declared the key.
        TypeError: the value is of another kind.
        DomainError: the value is out of bounds.
        UnreadableSecret: a secret lies there that none of VAULT_KEYS decrypts; it stays.
    """
    setting = find(key)
    text = setting.written(setting.checked(value))
    stored = snapshots.read(key, lock=True).get(key)
    if stored is not None and stored.secret:
        cipher.decrypt(stored.secret, name=key)
    with translation.override("en"):
        row = {
            "value": "" if setting.is_sensitive else text,
            "secret": cipher.Secret(text) if setting.is_sensitive else None,
            "is_sensitive": setting.is_sensitive,
            "category": str(setting.category)[:LONGEST_CATEGORY],
            "description": str(setting.help),
            "updated_by": str(actor.pk) if actor is not None else current().user_id,
        }
    AppSetting.objects.bulk_create(
        [AppSetting(key=key, **row)], update_conflicts=True, unique_fields=["key"], update_fields=list(row)
    )
    transaction.on_commit(snapshots.forget)


@transaction.atomic
def reset(key: str, *, actor: Model | None) -> None:
    """Let a setting have its default again; a secret, readable or not, is gone. Also of an undeclared key.

    Raises:
        UnknownSetting: nobody declared the key, and nothing is stored under it.
    """
    count, _models = AppSetting(key=key).delete()  # not loaded: it may be unreadable
    if not count:
        find(key)
    transaction.on_commit(snapshots.forget)


def value_of(setting: Setting, stored: Stored) -> Any:
    """What a stored setting is now.

    Raises:
        UnreadableSecret: none of VAULT_KEYS decrypts it.
    """
    text = plain_text(setting.key, stored)
    if (problem := problem_of(setting, text)) is None:
        return setting.read(text)
    _warn(setting.key, problem)
    return setting.default


@sensitive_variables("text")
def problem_of(setting: Setting, text: str) -> str | None:
    """What is wrong with a stored text; None: nothing. Never holds the text of a secret."""
    try:
        setting.read(text)
    except (DomainError, TypeError, ValueError) as error:
        return type(error).__name__ if setting.is_sensitive else str(error)
    return None


def plain_text(key: str, stored: Stored) -> str:
    """The stored text of a setting, decrypted if it is a secret.

    Raises:
        UnreadableSecret: none of VAULT_KEYS decrypts it.
    """
    return cipher.decrypt(stored.secret, name=key) if stored.secret else stored.value


def _stored(key: str) -> Stored | None:
    if _has_changed_settings():
        return snapshots.read(key).get(key)
    return snapshots.latest().get(key)


def _has_changed_settings() -> bool:
    """Whether the transaction at hand has. Django drops the callback with whatever is rolled back."""
    return any(waiting[1] is snapshots.forget for waiting in connection.run_on_commit)


@cache
def _warn(key: str, problem: str) -> None:
    """Log it once in the life of the process."""
    logger.warning("The stored value of the setting %s will not do: %s", key, problem)
