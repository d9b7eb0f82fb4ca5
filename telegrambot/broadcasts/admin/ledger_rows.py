"""The copies of a broadcast: which ones, in what order, as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from config.admin_pagination import older_than, place_of
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.search import called
from telegrambot.broadcasts import ledger
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.models import Message

KEYSET = ("pk",)
OUTCOMES = {
    "missed": _("did not get it"),
    "received": _("received"),
    "failed": _("failed"),
    "uncertain": _("uncertain"),
    "cancelled": _("cancelled"),
    "waiting": _("waiting"),
}
# What the program itself writes down as a reason; all else is Telegram's and stays as it is.
_REASONS = (
    gettext_noop("The broadcast was cancelled."),
    gettext_noop("The person opted out of broadcasts."),
    gettext_noop("The person gets no broadcasts any more."),
    gettext_noop("The person blocked the bot."),
    gettext_noop("It was corrected again, or taken back."),
)
_REASON_LENGTH = 200
_AT_ONCE = 1000
# The file's columns, and where they come from.
COLUMNS = {
    "number": "pk",
    "person": "person_id",
    "telegram_id": "person__telegram_id",
    "username": "person__username",
    "first_name": "person__first_name",
    "last_name": "person__last_name",
    "status": "status",
    "reason": "error",
    "time": "timestamp",
}
# What spreadsheets take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Choice:
    """Which copies are asked for.

    Attributes:
        outcome: one of `OUTCOMES`, or empty.
        reason: as the ledger has it, its beginning.
        person: the beginning of a name, or a Telegram id.
    """

    outcome: str = ""
    reason: str = ""
    person: str = ""

    @classmethod
    def read(cls, values: Any) -> Choice:
        """Read it from an address; what makes no sense counts for nothing."""
        outcome, reason, person = (values.get(name, "").strip() for name in ("outcome", "reason", "person"))
        return cls(outcome if outcome in OUTCOMES else "", reason[:_REASON_LENGTH], person[:100])

    @property
    def as_query(self) -> dict[str, str]:
        """What an address says of it."""
        found = {"outcome": self.outcome, "reason": self.reason, "person": self.person}
        return {name: value for name, value in found.items() if value}


def chosen(broadcast: Broadcast, choice: Choice) -> QuerySet[Message]:
    """The copies that were asked for."""
    found = ledger.copies(broadcast)
    match choice.outcome:
        case "missed":
            missed = Q(status=Message.Status.CANCELLED) | Q(pk__in=ledger.undelivered(broadcast).values("pk"))
            found = found.filter(missed)
        case "received":
            found = found.filter(status__in=ledger.RECEIVED)
        case "waiting":
            found = found.filter(status__in=ledger.OPEN)
        case "failed" | "uncertain":
            found = ledger.undelivered(broadcast).filter(status=choice.outcome)
        case "cancelled":
            found = found.filter(status=choice.outcome)
    if choice.reason:
        found = found.annotate(reason=Left("error", _REASON_LENGTH)).filter(reason=choice.reason)
    if choice.person:
        found = found.filter(person__in=TelegramUser.objects.filter(called(choice.person)).values("pk"))
    return found


def page(copies: QuerySet[Message], place: str, size: int) -> tuple[list[Message], str]:
    """So many of them, the newest first, and where the next page begins; empty at the end.

    Raises:
        IncorrectLookupParameters: `place` is none.
    """
    rows = list(older_than(copies.select_related("person"), KEYSET, place)[: size + 1])
    return rows[:size], place_of(rows[size - 1], KEYSET) if len(rows) > size else ""


def in_words(reason: str) -> str:
    """Why somebody did not get it."""
    return gettext(reason) if reason in _REASONS else reason


def csv_lines(copies: QuerySet[Message]) -> Iterator[str]:
    """All of them as CSV (RFC 4180), the newest first, a thousand in memory at a time."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    rows = _first(copies)
    while rows:
        yield "".join(writer.writerow(map(_cell, row)) for row in rows)
        rows = _first(copies.filter(pk__lt=rows[-1][0]))


def _first(copies: QuerySet[Message]) -> list[tuple[Any, ...]]:
    return list(copies.order_by("-pk").values_list(*COLUMNS.values())[:_AT_ONCE])


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Echo:
    """A file that gives back what is written, for the csv module."""

    def write(self, text: str) -> str:
        return text


def file_name(broadcast: Broadcast) -> str:
    """A name that tells what it is, and never what the broadcast is called."""
    return f"broadcast-{str(broadcast.pk)[:8]}-{timezone.localdate().isoformat()}.csv"
