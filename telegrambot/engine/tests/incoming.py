"""Updates as Telegram sends them, and what tests need to let them in and handle them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connection

from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory
from telegrambot.engine import intake
from telegrambot.engine.dispatch import Batch, Dispatcher
from telegrambot.engine.handling import catalogue
from telegrambot.engine.identity import offline_bot
from telegrambot.engine.models import InboundUpdate, Message
from telegrambot.engine.pending import AttemptJournal
from telegrambot.engine.routing import Registry, registry
from telegrambot.engine.tests.factories import BOT_ID

_TABLES = (
    "commands",
    "buttons",
    "answers",
    "phrases",
    "replies",
    "deep_links",
    "unknown",
    "fallbacks",
    "last_resorts",
    "frames",
    "listeners",
)
_numbers = itertools.count(1_000)


def person(telegram_id: int = 501, **more: Any) -> dict[str, Any]:
    """A sender."""
    return {"id": telegram_id, "is_bot": False, "first_name": "Ann", "language_code": "en", **more}


def message(text: str | None = "Hello", telegram_id: int = 501, **more: Any) -> dict[str, Any]:
    """What somebody said in their private chat."""
    said: dict[str, Any] = {
        "message_id": next(_numbers),
        "date": int(time.time()),
        "chat": {"id": telegram_id, "type": "private", "first_name": "Ann"},
        "from": person(telegram_id),
    }
    if text is not None:
        said["text"] = text
        if text.startswith("/"):
            length = len(text.split()[0])
            said["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return said | more


def update(kind: str, body: Any, number: int | None = None) -> dict[str, Any]:
    """An update of any kind."""
    return {"update_id": next(_numbers) if number is None else number, kind: body}


def said(text: str | None = "Hello", telegram_id: int = 501, **more: Any) -> dict[str, Any]:
    """An update with a message."""
    return update("message", message(text, telegram_id, **more))


def pressed(data: str, on: Message, telegram_id: int = 501) -> dict[str, Any]:
    """An update with a press of a button below a message that the bot sent."""
    shown = message("…", telegram_id, message_id=int(on.external_message_id))
    shown["from"] = {"id": BOT_ID, "is_bot": True, "first_name": "Bot"}
    query = {"id": str(next(_numbers)), "from": person(telegram_id), "chat_instance": "1"}
    return update("callback_query", query | {"data": data, "message": shown})


def store(*updates: dict[str, Any]) -> int:
    """Let updates arrive in one batch."""
    return intake.store(updates, bot_id=BOT_ID, source=InboundUpdate.Source.POLLING)


def new_dispatcher(journal: AttemptJournal | None = None) -> Dispatcher:
    """A dispatcher as `runbot` has them."""
    return Dispatcher(offline_bot(BOT_ID, "test_bot"), journal)


def drain(dispatcher: Dispatcher) -> list[Batch]:
    """Handle until nothing is due."""
    try:
        batches = [dispatcher.run_once()]
        while batches[-1].has_found_work:
            batches.append(dispatcher.run_once())
    finally:
        dispatcher.close()
    return batches


def own_registry(patch: pytest.MonkeyPatch) -> Registry:
    """The program's registry, free to be added to until the test ends."""
    for table in _TABLES:
        patch.setattr(registry, table, getattr(registry, table).copy())
    return registry


def open_command(name: str, role: Role = Role.PUBLIC) -> BotCommand:
    """Give a command that a test registered its row in the catalogue."""
    catalogue.forget()
    row: BotCommand = BotCommandFactory(command=name, code_role=role)  # type: ignore[assignment]
    return row


def answers() -> list[str]:
    """What the bot said or is about to say, oldest first."""
    rows = Message.objects.filter(direction=Message.Direction.OUTBOUND)
    return list(rows.order_by("pk").values_list("text", flat=True))


def together(*work: Callable[[], Any]) -> list[Any]:
    """Do several things at the same moment, each in a thread with a database connection of its own.

    Raises:
        Exception: the first that any of them raised.
    """
    barrier = threading.Barrier(len(work))
    results: list[Any] = [None] * len(work)
    errors: list[BaseException] = []

    def run(place: int, step: Callable[[], Any]) -> None:
        try:
            barrier.wait(20)
            results[place] = step()
        except BaseException as error:  # noqa: BLE001  (told to whoever waits)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for error in errors:
        raise error
    return results


def drain_together(dispatchers: Iterable[Dispatcher]) -> None:
    """Let several dispatchers work at the same time until nothing is left."""

    def work(dispatcher: Dispatcher) -> None:
        while InboundUpdate.objects.filter(status=InboundUpdate.Status.PENDING).exists():
            drain(dispatcher)

    together(*(lambda dispatcher=dispatcher: work(dispatcher) for dispatcher in dispatchers))
