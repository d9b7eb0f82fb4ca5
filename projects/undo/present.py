"""The rows that an undo is about, as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from projects.folding import NetChange
from projects.models import Feature, Project, Release

Row = Project | Release | Feature


@dataclass(frozen=True, slots=True)
class Present:
    """Everything that changed and still exists, and the projects and releases it belongs to, by their ids."""

    projects: Mapping[int, Project]
    releases: Mapping[int, Release]
    features: Mapping[int, Feature]

    def row(self, change: NetChange) -> Row | None:
        """The row that changed, if it exists."""
        rows: dict[type[Row], Mapping[int, Row]] = {
            Project: self.projects,
            Release: self.releases,
            Feature: self.features,
        }
        return rows[change.model].get(int(change.entity_id))


def present(changes: Sequence[NetChange], *, is_locked: bool) -> Present:
    """Read the rows: projects, then releases, then features, as everyone locks them who needs several.

    Args:
        changes: what is to be taken back.
        is_locked: whether others may change the rows no more until the transaction ends.
    """
    # Nothing may come to belong to what is about to be deleted.
    lock = {"of": ("self",), "no_key": all(change.before is not None for change in changes)}

    def rows(model: type[Any], keys: set[int], *joined: str) -> dict[int, Any]:
        found = model._default_manager.filter(pk__in=keys).select_related(*joined).order_by("pk")
        return {row.pk: row for row in (found.select_for_update(**lock) if is_locked else found)}

    projects = rows(Project, ids_of(changes, Project) | _former(changes, "project_id"))
    releases = rows(Release, ids_of(changes, Release) | _former(changes, "release_id"), "project")
    features = rows(Feature, ids_of(changes, Feature), "project")
    for row in [*releases.values(), *features.values()]:
        projects.setdefault(row.project_id, row.project)
    return Present(projects, releases, features)


def ids_of(changes: Sequence[NetChange], model: type[models.Model]) -> set[int]:
    """The primary keys of those changed things that are of one kind."""
    return {int(change.entity_id) for change in changes if change.model is model}


def _former(changes: Sequence[NetChange], column: str) -> set[int]:
    return {int(value) for change in changes if change.before and (value := change.before.get(column))}
