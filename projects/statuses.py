"""What state a project, a release or a feature can be in, and the moves between the states."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models
from django.utils.translation import pgettext_lazy


class ProjectStatus(models.TextChoices):
    """Whether a project is being worked on. An archived one can be read, and brought back."""

    ACTIVE = "active", pgettext_lazy("project status", "active")
    PAUSED = "paused", pgettext_lazy("project status", "paused")
    ARCHIVED = "archived", pgettext_lazy("project status", "archived")


class ReleaseStatus(models.TextChoices):
    """How far a release has come."""

    PLANNED = "planned", pgettext_lazy("release status", "planned")
    IN_PROGRESS = "in_progress", pgettext_lazy("release status", "in progress")
    RELEASED = "released", pgettext_lazy("release status", "released")
    CANCELLED = "cancelled", pgettext_lazy("release status", "cancelled")


class FeatureStatus(models.TextChoices):
    """How far a feature has come."""

    BACKLOG = "backlog", pgettext_lazy("feature status", "backlog")
    PLANNED = "planned", pgettext_lazy("feature status", "planned")
    IN_PROGRESS = "in_progress", pgettext_lazy("feature status", "in progress")
    BLOCKED = "blocked", pgettext_lazy("feature status", "blocked")
    DONE = "done", pgettext_lazy("feature status", "done")
    DROPPED = "dropped", pgettext_lazy("feature status", "dropped")


Status = ProjectStatus | ReleaseStatus | FeatureStatus

# Kept apart by kind: a release that is "planned" equals a feature that is "planned", for Python.
_MOVES: Mapping[type[Status], Mapping[Status, tuple[Status, ...]]] = MappingProxyType(
    {
        ProjectStatus: {
            ProjectStatus.ACTIVE: (ProjectStatus.PAUSED, ProjectStatus.ARCHIVED),
            ProjectStatus.PAUSED: (ProjectStatus.ACTIVE, ProjectStatus.ARCHIVED),
            ProjectStatus.ARCHIVED: (ProjectStatus.ACTIVE,),
        },
        ReleaseStatus: {
            ReleaseStatus.PLANNED: (
                ReleaseStatus.IN_PROGRESS,
                ReleaseStatus.RELEASED,
                ReleaseStatus.CANCELLED,
            ),
            ReleaseStatus.IN_PROGRESS: (
                ReleaseStatus.PLANNED,
                ReleaseStatus.RELEASED,
                ReleaseStatus.CANCELLED,
            ),
            ReleaseStatus.RELEASED: (ReleaseStatus.IN_PROGRESS,),
            ReleaseStatus.CANCELLED: (ReleaseStatus.PLANNED,),
        },
        FeatureStatus: {
            FeatureStatus.BACKLOG: (
                FeatureStatus.PLANNED,
                FeatureStatus.IN_PROGRESS,
                FeatureStatus.DONE,
                FeatureStatus.DROPPED,
            ),
            FeatureStatus.PLANNED: (
                FeatureStatus.BACKLOG,
                FeatureStatus.IN_PROGRESS,
                FeatureStatus.BLOCKED,
                FeatureStatus.DONE,
                FeatureStatus.DROPPED,
            ),
            FeatureStatus.IN_PROGRESS: (
                FeatureStatus.PLANNED,
                FeatureStatus.BLOCKED,
                FeatureStatus.DONE,
                FeatureStatus.DROPPED,
            ),
            FeatureStatus.BLOCKED: (
                FeatureStatus.PLANNED,
                FeatureStatus.IN_PROGRESS,
                FeatureStatus.DONE,
                FeatureStatus.DROPPED,
            ),
            FeatureStatus.DONE: (FeatureStatus.IN_PROGRESS,),
            FeatureStatus.DROPPED: (FeatureStatus.BACKLOG, FeatureStatus.PLANNED),
        },
    }
)

# Whoever reads "blocked" or "dropped" asks why.
NEEDS_REASON = frozenset({FeatureStatus.BLOCKED, FeatureStatus.DROPPED})
# Nothing is put into a release any more once it is one of these.
CLOSED_RELEASE = frozenset({ReleaseStatus.RELEASED, ReleaseStatus.CANCELLED})


def allowed_moves(status: Status) -> tuple[Status, ...]:
    """The states that can follow `status`, in the order in which they are offered."""
    return _MOVES[type(status)][status]


def is_allowed(before: Status, after: Status) -> bool:
    """Whether `after` can follow `before`."""
    return after in allowed_moves(before)


def needs_reason(status: Status) -> bool:
    """Whether a move to `status` has to say why."""
    return isinstance(status, FeatureStatus) and status in NEEDS_REASON
