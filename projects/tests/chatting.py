"""What the tests of the chat share: people who write, and what a view costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Feature, Project, UserContext
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import handling
from telegrambot.engine.testing import ChatClient

# Savepoints are the transaction's own; they cost nothing that grows.
_CONTROL = re.compile(r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)


def chat_of(person: TelegramUser, project: Project | None = None) -> ChatClient:
    """A person's chat, busy with a project."""
    if project is not None:
        UserContext.objects.update_or_create(user=person, defaults={"active_project": project})
    return ChatClient(person)


def admin_chat(project: Project | None = None, **person: Any) -> ChatClient:
    """The chat of a new admin, busy with a project."""
    values = {"role": Role.ADMIN, "first_name": "Ann", "last_name": "", **person}
    return chat_of(TelegramUserFactory(**values), project)


def feature_of(project: Project, name: str) -> Feature:
    """The project's feature of that name, as it is now."""
    return Feature.objects.select_related("release").get(project=project, name=name)


def fresh(row: Any) -> Any:
    """A row as it is now."""
    return type(row).objects.get(pk=row.pk)


@contextmanager
def statements_of_views() -> Iterator[list[str]]:
    """What the views of the block executed, their frames included, the engine's own left out."""
    executed: list[str] = []
    call = handling.call

    def listening(*args: Any) -> Any:
        with CaptureQueriesContext(connection) as queries:
            reply = call(*args)
        executed.extend(query["sql"] for query in queries if not _CONTROL.match(query["sql"]))
        return reply

    with patch.object(handling, "call", listening):
        yield executed
