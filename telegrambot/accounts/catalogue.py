"""The commands of the bot as data: which exist, what they are called, who may use them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise

from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.roles import Role

# How soon a change in the admin reaches every running process.
SECONDS_FRESH = 2.0


@dataclass(frozen=True, slots=True)
class DeclaredCommand:
    """A command as the program declares it."""

    command: str
    role: Role
    description: Promise | str


@transaction.atomic
def sync_commands(declared: Iterable[DeclaredCommand]) -> None:
    """Make the catalogue's rows follow the program.

    New commands get the program's wording; wording, activity and a stricter role chosen by an operator stay.
    A role that nobody changed follows the program's, one below it is raised. Rows of commands that left the
    program are deleted.
    """
    wanted = {command.command: command for command in declared}
    rows = {row.command: row for row in BotCommand.objects.select_for_update().order_by("pk")}
    changed = []
    for name, row in rows.items():
        if name in wanted and row.code_role != wanted[name].role:
            untouched = row.minimum_role == row.code_role
            row.code_role = wanted[name].role
            row.minimum_role = row.code_role if untouched else max(row.minimum_role, row.code_role)
            changed.append(row)
    BotCommand.objects.bulk_update(changed, ["code_role", "minimum_role"])
    BotCommand.objects.filter(command__in=rows.keys() - wanted.keys()).delete()
    # Two processes may start at the same moment.
    BotCommand.objects.bulk_create(
        (_new_row(wanted[name]) for name in wanted if name not in rows), ignore_conflicts=True
    )


class Catalogue:
    """What the rows say, read at most every two seconds in a process; safe to share between threads.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # One tuple, replaced as a whole: a reader in another thread sees all of the old or all of the new.
        self._snapshot: tuple[float, dict[str, BotCommand]] | None = None

    def allows(self, command: str, role: int) -> bool:
        """Tell whether a person of `role` may use `command` now; nobody may use one that has no row."""
        row = self._rows().get(command)
        return row is not None and row.is_open_to(role)

    def visible_to(self, role: int) -> list[BotCommand]:
        """Return the active commands that a person of `role` may use, by name."""
        return [row for row in self._rows().values() if row.is_open_to(role)]

    def forget(self) -> None:
        """Read the rows anew the next time."""
        self._snapshot = None

    def _rows(self) -> dict[str, BotCommand]:
        snapshot, now = self._snapshot, self._clock()
        if snapshot is None or now - snapshot[0] >= SECONDS_FRESH:
            snapshot = now, {row.command: row for row in BotCommand.objects.order_by("command")}
            self._snapshot = snapshot
        return snapshot[1]


def _new_row(declared: DeclaredCommand) -> BotCommand:
    return BotCommand(
        command=declared.command,
        code_role=declared.role,
        minimum_role=declared.role,
        description_en=_in_language("en", declared.description),
        description_ru=_in_language("ru", declared.description),
    )


def _in_language(language: str, text: Promise | str) -> str:
    with translation.override(language):
        return str(text)
