"""Everything that changes releases. Each function is one transaction and locks what it decides about.

Who may do it is decided where the request comes in; `actor` is who does it (None: the program itself).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from projects.exceptions import ReleaseGone, VersionTaken
from projects.models import Project, Release
from projects.services.editing import (
    clean_name,
    differences,
    lock,
    open_project,
    require_move,
    require_open,
    unique_name,
    write,
)
from projects.statuses import ReleaseStatus
from telegrambot.accounts.models import TelegramUser

VERSION_LIMIT = 50
EDITABLE = frozenset({"version", "target_date", "status"})


@transaction.atomic
def create_release(
    project: Project,
    version: str,
    *,
    actor: TelegramUser | None,
    target_date: dt.date | None = None,
    status: str = ReleaseStatus.PLANNED,
) -> Release:
    """Plan a release of a project.

    Raises:
        NameMissing, NameTooLong: the version is none.
        VersionTaken: the project has it already, in whatever case.
        ProjectArchived, ProjectGone: see there.
    """
    version = clean_name(version, limit=VERSION_LIMIT)
    project = open_project(project)
    with unique_name(VersionTaken(project=project.name, version=version)):
        return Release.objects.create(
            project=project, version=version, target_date=target_date, status=ReleaseStatus(status)
        )


@transaction.atomic
def edit_release(
    release: Release, *, actor: TelegramUser | None, expected_revision: int | None = None, **changes: Any
) -> bool:
    """Change a release's `version`, `target_date` or `status`; tell whether anything changed.

    `release` is brought up to date.

    Args:
        release: which.
        actor: who does it.
        expected_revision: the revision that the editor saw.
        **changes: the new values.

    Raises:
        EditConflict: someone else changed it since that revision.
        MoveRefused: it cannot become that from what it is.
        ProjectArchived, ReleaseGone, VersionTaken, NameMissing, NameTooLong: see there.
    """
    lock(release, "project", gone=ReleaseGone)
    values = differences(release, _clean(changes), editable=EDITABLE)
    if not values:
        return False
    require_open(release.project)
    taken = VersionTaken(project=release.project.name, version=values.get("version", release.version))
    if "status" in values:
        require_move(release, ReleaseStatus(release.status), values["status"])
    return write(release, values, expected_revision=expected_revision, taken=taken)


def rename_release(
    release: Release, version: str, *, actor: TelegramUser | None, expected_revision: int | None = None
) -> bool:
    """Give a release another version; raises what `edit_release` raises."""
    return edit_release(release, actor=actor, expected_revision=expected_revision, version=version)


def move_release(
    release: Release, status: str, *, actor: TelegramUser | None, expected_revision: int | None = None
) -> bool:
    """Move a release to another state; raises what `edit_release` raises."""
    return edit_release(release, actor=actor, expected_revision=expected_revision, status=status)


def set_target_date(
    release: Release,
    target_date: dt.date | None,
    *,
    actor: TelegramUser | None,
    expected_revision: int | None = None,
) -> bool:
    """Plan a release for another day, or for none; raises what `edit_release` raises."""
    return edit_release(release, actor=actor, expected_revision=expected_revision, target_date=target_date)


@transaction.atomic
def delete_release(release: Release, *, actor: TelegramUser | None) -> None:
    """Delete a release for good; its features stay, without one.

    Raises:
        ReleaseGone: it was deleted already.
        ProjectArchived: nothing in its project may change.
    """
    lock(release, "project", gone=ReleaseGone)
    require_open(release.project)
    release.delete()


def _clean(changes: dict[str, Any]) -> dict[str, Any]:
    clean = dict(changes)
    if "version" in clean:
        clean["version"] = clean_name(clean["version"], limit=VERSION_LIMIT)
    if "status" in clean:
        clean["status"] = ReleaseStatus(clean["status"])
    return clean
