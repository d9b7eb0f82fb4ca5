"""Who actors are to the admin: found by what an operator types, linked to the row that stands for them.

This app knows neither people nor accounts; the app that does registers here (see also actors.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from audit.titles import Row

_finders: list[Callable[[str], Iterable[str]]] = []
_rows: list[Callable[[str], Row | None]] = []


def register_finder(find: Callable[[str], Iterable[str]]) -> None:
    """Let `find` return the canonical ids of those who are called as was typed; a bounded number of them."""
    if find not in _finders:
        _finders.append(find)


def register_rows(row_of: Callable[[str], Row | None]) -> None:
    """Let `row_of` tell, without a query, which row an actor's canonical id stands for."""
    if row_of not in _rows:
        _rows.append(row_of)


def find(typed: str) -> list[str]:
    """The canonical ids of the actors meant by what was typed, which may be such an id itself."""
    ids = [typed, *(user_id for finder in _finders for user_id in finder(typed))]
    return list(dict.fromkeys(ids))


def row_of(user_id: str) -> Row | None:
    """The row that stands for an actor; None for the program, and for whom nobody knows."""
    return next((row for known in _rows if (row := known(user_id)) is not None), None)
