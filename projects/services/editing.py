"""How every change is made: lock the row, see what really differs, refuse to overwrite, write only that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import IntegrityError, models, transaction

from config.errors import DomainError
from projects.conflicts import changes_since
from projects.exceptions import (
    EditConflict,
    MoveRefused,
    NameMissing,
    NameTooLong,
    ProjectArchived,
    ProjectGone,
)
from projects.models import Feature, Project, Release
from projects.statuses import Status, allowed_moves, is_allowed

Row = Project | Release | Feature


def clean_name(text: str, *, limit: int) -> str:
    """Return `text` without superfluous blanks.

    Args:
        text: a name as a person wrote it.
        limit: the most characters it may have.

    Raises:
        NameMissing: nothing is left of it.
        NameTooLong: it has more characters.
    """
    name = " ".join(text.split())
    if not name:
        raise NameMissing
    if len(name) > limit:
        raise NameTooLong(limit=limit)
    return name


def lock(row: Row, *joined: str, gone: type[DomainError]) -> None:
    """Read `row` anew and keep others from changing it until the transaction ends.

    Args:
        row: the object to bring up to date.
        *joined: foreign keys to read along.
        gone: what to raise when it was deleted.
    """
    manager: models.Manager[Any] = type(row)._default_manager
    rows = manager.select_for_update(no_key=True, of=("self",)).select_related(*joined)
    try:
        row.refresh_from_db(from_queryset=rows)
    except type(row).DoesNotExist:
        raise gone from None


def open_project(project: Project) -> Project:
    """Return the project as it is now.

    Raises:
        ProjectGone: it was deleted.
        ProjectArchived: nothing in it may change.
    """
    current = Project.objects.filter(pk=project.pk).first()
    if current is None:
        raise ProjectGone
    require_open(current)
    return current


def require_open(project: Project) -> None:
    """Refuse to touch what belongs to an archived project.

    Raises:
        ProjectArchived: it is one.
    """
    if project.is_archived:
        raise ProjectArchived(name=project.name)


def require_move(row: Row, before: Status, after: Status) -> None:
    """Refuse a move that the table of statuses does not know.

    Raises:
        MoveRefused: it is none of those allowed.
    """
    if not is_allowed(before, after):
        allowed = ", ".join(str(status.label) for status in allowed_moves(before))
        raise MoveRefused(name=row, status=before.label, allowed=allowed)


def differences(row: Row, values: dict[str, Any], *, editable: Iterable[str]) -> dict[str, Any]:
    """Those of `values` that `row` does not have yet.

    Raises:
        TypeError: a name is not among the `editable`.
    """
    if unknown := set(values) - set(editable):
        raise TypeError(f"{type(row).__name__} cannot be given {', '.join(sorted(unknown))}")
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def write(row: Row, values: dict[str, Any], *, expected_revision: int | None, taken: DomainError) -> bool:
    """Write `values` and nothing else; tell whether there was anything to write.

    Args:
        row: locked and up to date.
        values: what differs.
        expected_revision: the revision that the editor saw; None: whichever.
        taken: what to raise when the name belongs to another row.

    Raises:
        EditConflict: it is another revision by now.
    """
    if not values:
        return False
    if expected_revision is not None and expected_revision != row.revision:
        raise EditConflict(name=row, changes=changes_since(row, expected_revision))
    with unique_name(taken):
        type(row)._default_manager.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1  # as the database did
    return True


@contextmanager
def unique_name(taken: DomainError) -> Iterator[None]:
    """Turn the database's refusal of a second row of one name into the sentence `taken`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.UniqueViolation):
            raise taken from error
        raise
