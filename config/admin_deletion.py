"""What the question before a deletion says: rows by name, and what goes along in numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet

# As Django's collector tells it: a tree of names, numbers by model, missing permissions, what is protected.
Summary = tuple[list[Any], dict[Any, int], set[str], list[str]]


def summary(model: type[Model], rows: Collection[Any], *along: QuerySet[Any]) -> Summary:
    """Rows of a model, and how many of other kinds go along with them: a query for each kind.

    The collector itself would name every row that goes along, and ask for what its name is made of.
    """
    names = [str(row) for row in rows]
    counts: dict[Any, int] = {model._meta.verbose_name_plural: len(names)}
    counts |= {others.model._meta.verbose_name_plural: others.count() for others in along}
    return names, counts, set(), []
