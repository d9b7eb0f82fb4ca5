"""Everything that changes projects, releases and features, by use case."""

from __future__ import annotations

from projects.services.active import (
    activate,
    active_project,
    changes_seen_at,
    deactivate,
    mark_changes_seen,
)
from projects.services.features import (
    assign_po,
    assign_team,
    create_feature,
    delete_feature,
    edit_feature,
    move_feature,
    put_into_release,
    rename_feature,
    unassign_team,
)
from projects.services.projects import (
    archive_project,
    create_project,
    delete_project,
    edit_project,
    rename_project,
    restore_project,
    set_project_status,
)
from projects.services.releases import (
    create_release,
    delete_release,
    edit_release,
    move_release,
    rename_release,
    set_target_date,
)

__all__ = [
    "activate",
    "active_project",
    "archive_project",
    "assign_po",
    "assign_team",
    "changes_seen_at",
    "create_feature",
    "create_project",
    "create_release",
    "deactivate",
    "delete_feature",
    "delete_project",
    "delete_release",
    "edit_feature",
    "edit_project",
    "edit_release",
    "mark_changes_seen",
    "move_feature",
    "move_release",
    "put_into_release",
    "rename_feature",
    "rename_project",
    "rename_release",
    "restore_project",
    "set_project_status",
    "set_target_date",
    "unassign_team",
]
