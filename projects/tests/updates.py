"""Changes made as an update from a person's chat makes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from audit.context import acting
from telegrambot.accounts.models import TelegramUser, User

_numbers = itertools.count(1)


@contextmanager
def update_from(person: TelegramUser) -> Iterator[str]:
    """Let what the block changes be the answer to one message of `person`."""
    key = f"update:{next(_numbers)}"
    with acting(user_id=str(person.pk), origin="chat", correlation_id=key):
        yield key


@contextmanager
def request_from(account: User) -> Iterator[str]:
    """Let what the block changes be the answer to one request from a browser, before a person was linked."""
    key = f"request:{next(_numbers)}"
    with acting(user_id=f"user:{account.pk}", origin="admin", correlation_id=key):
        yield key
