"""What a new installation still needs, as a checklist on the home page, to which every app adds its steps.

register(FirstStep("guide", _("Write a guide"), _("…"), done=Guide.objects.all, order=40))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


@dataclass(frozen=True)
class FirstStep:
    """One thing to do once.

    Attributes:
        title: what to do.
        how: how to do it, in a sentence.
        done: returns rows of which there is at least one as soon as the step is done.
        command: the management command that helps, if one does.
    """

    name: str
    title: Any
    how: Any
    done: Callable[[], QuerySet[Any]]
    command: str = ""
    order: int = 50


_steps: dict[str, FirstStep] = {}


def register(step: FirstStep) -> None:
    """Add a step to the checklist.

    Raises:
        ValueError: another step has this name.
    """
    if _steps.setdefault(step.name, step) != step:
        raise ValueError(f"There is a first step called {step.name} already.")


def checklist() -> list[tuple[FirstStep, bool]]:
    """Every step and whether it is done, in order; nothing at all once everything is. One query."""
    steps = sorted(_steps.values(), key=lambda step: step.order)
    done = _evidence([step.done() for step in steps])
    return [] if all(done) else list(zip(steps, done, strict=True))


def _evidence(queries: list[QuerySet[Any]]) -> list[bool]:
    clauses: list[str] = []
    parameters: list[Any] = []
    for query in queries:
        try:
            sql, values = query.order_by().values("pk")[:1].query.sql_with_params()
        except EmptyResultSet:
            sql, values = "SELECT 1 WHERE false", ()
        clauses.append(f"EXISTS ({sql})")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(clauses), parameters)
        return list(cursor.fetchone())
