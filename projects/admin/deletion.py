"""What the question before a deletion says: what goes along, in numbers and by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.text import capfirst

from config.admin_deletion import Summary
from projects.models import Feature, Project, Release

# So many of each kind are named; the numbers tell of the others.
_NAMED = 10


def what_goes_with(projects: Sequence[Project]) -> Summary:
    """Projects, and all that is in them. Four queries, whatever the size."""
    counts: dict[Any, int] = {Project._meta.verbose_name_plural: len(projects)}
    names: list[str] = []
    for model in (Release, Feature):
        rows: QuerySet[Any] = model._default_manager.filter(project__in=projects)
        counts[model._meta.verbose_name_plural] = count = rows.count()
        named = rows.order_by("-updated_at")[:_NAMED]
        names += [f"{capfirst(str(model._meta.verbose_name))}: {row}" for row in named]
        names += ["…"] if count > _NAMED else []
    return [*(project.name for project in projects), names], counts, set(), []
