"""What the question before a deletion says: what goes along, in numbers and by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.text import capfirst

from config.admin_deletion import Summary, summary
from projects.models import Feature, Project, Release

# So many of each kind are named; the numbers tell of the others.
_NAMED = 10


def what_goes_with(projects: Sequence[Project]) -> Summary:
    """Projects, and all that is in them. Four queries, whatever the size."""
    along = [model._default_manager.filter(project__in=projects) for model in (Release, Feature)]
    names, counts, missing, protected = summary(Project, projects, *along)
    named = [line for rows in along for line in _named(rows, counts[rows.model._meta.verbose_name_plural])]
    return [*names, named], counts, missing, protected


def _named(rows: QuerySet[Any], count: int) -> list[str]:
    kind = capfirst(str(rows.model._meta.verbose_name))
    names = [f"{kind}: {row}" for row in rows.order_by("-updated_at")[:_NAMED]]
    return [*names, "…"] if count > _NAMED else names
