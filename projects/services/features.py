"""Everything that changes features. Each function is one transaction and locks what it decides about.

Who may do it is decided where the request comes in; `actor` is who does it (None: the program itself).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from projects.exceptions import (
    FeatureGone,
    FeatureNameTaken,
    NameTooLong,
    ReasonMissing,
    ReleaseClosed,
    ReleaseGone,
    ReleaseOfOtherProject,
)
from projects.models import Feature, Project, Release
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
from projects.statuses import CLOSED_RELEASE, FeatureStatus, ReleaseStatus, needs_reason
from telegrambot.accounts.models import TelegramUser

NAME_LIMIT = 200
ASSIGNEE_LIMIT = 100
EDITABLE = frozenset(
    {"name", "description", "status", "status_reason", "assigned_teams", "assigned_po", "release"}
)


@transaction.atomic
def create_feature(
    project: Project, name: str, *, actor: TelegramUser | None, description: str = "", **values: Any
) -> Feature:
    """Add a feature to a project, in the backlog unless `values` tell another `status`.

    Args:
        project: where to.
        name: unique in the project, in whatever case.
        actor: who does it.
        description: in any length.
        **values: what else `edit_feature` can change.

    Raises:
        FeatureNameTaken: the project has one of this name.
        ProjectArchived, ProjectGone, NameMissing, NameTooLong: see there.
        ReasonMissing, ReleaseClosed, ReleaseGone, ReleaseOfOtherProject: see there.
    """
    project = open_project(project)
    feature = Feature(project=project)
    wanted = _clean({"name": name, "description": description, **values})
    for field, value in differences(feature, wanted, editable=EDITABLE).items():
        setattr(feature, field, value)
    _require_reason(feature.name, feature.status, feature.status_reason)
    if feature.release is not None:
        lock(feature.release, gone=ReleaseGone)
        _require_fitting(feature.release, project)
    with unique_name(FeatureNameTaken(project=project.name, name=feature.name)):
        feature.save(force_insert=True)
    return feature


@transaction.atomic
def edit_feature(
    feature: Feature, *, actor: TelegramUser | None, expected_revision: int | None = None, **changes: Any
) -> bool:
    """Change what is named, and nothing else; tell whether anything changed.

    `feature` is brought up to date, with its project and release. The reason of the state it leaves is
    forgotten unless `changes` hold another.

    Args:
        feature: which.
        actor: who does it.
        expected_revision: the revision that the editor saw.
        **changes: new values of `name`, `description`, `status`, `status_reason`, `assigned_teams`,
            `assigned_po`, `release`.

    Raises:
        EditConflict: someone else changed it since that revision.
        MoveRefused: it cannot become that from what it is.
        ReasonMissing: blocked and dropped features need one.
        ReleaseClosed, ReleaseGone, ReleaseOfOtherProject: it cannot be put there.
        ProjectArchived, FeatureGone, FeatureNameTaken, NameMissing, NameTooLong: see there.
    """
    wanted = _clean(changes)
    if wanted.get("release") is not None:
        # Before the feature, as everyone does who holds both: nobody waits in a circle.
        lock(wanted["release"], gone=ReleaseGone)
    lock(feature, "project", "release", gone=FeatureGone)
    values = differences(feature, wanted, editable=EDITABLE)
    if "status" in values:
        values["status_reason"] = wanted.get("status_reason", "")
    elif not wanted.get("status_reason", "") and "status" in wanted:
        values.pop("status_reason", None)  # moved to where it is already: the reason stays
    if not values:
        return False
    require_open(feature.project)
    _require_possible(feature, values)
    taken = FeatureNameTaken(project=feature.project.name, name=values.get("name", feature.name))
    return write(feature, values, expected_revision=expected_revision, taken=taken)


def move_feature(
    feature: Feature,
    status: str,
    *,
    actor: TelegramUser | None,
    reason: str = "",
    expected_revision: int | None = None,
) -> bool:
    """Move a feature to another state, and say why; raises what `edit_feature` raises."""
    return edit_feature(
        feature, actor=actor, expected_revision=expected_revision, status=status, status_reason=reason
    )


def rename_feature(
    feature: Feature, name: str, *, actor: TelegramUser | None, expected_revision: int | None = None
) -> bool:
    """Give a feature another name; raises what `edit_feature` raises."""
    return edit_feature(feature, actor=actor, expected_revision=expected_revision, name=name)


@transaction.atomic
def assign_team(feature: Feature, team: str, *, actor: TelegramUser | None) -> bool:
    """Let a team work on a feature, too; raises what `edit_feature` raises."""
    team = clean_name(team, limit=ASSIGNEE_LIMIT)
    lock(feature, "project", "release", gone=FeatureGone)
    return edit_feature(feature, actor=actor, assigned_teams=[*feature.assigned_teams, team])


@transaction.atomic
def unassign_team(feature: Feature, team: str, *, actor: TelegramUser | None) -> bool:
    """Let a team, named in whatever case, no longer work on a feature; raises what `edit_feature` raises."""
    lock(feature, "project", "release", gone=FeatureGone)
    gone = " ".join(team.split()).casefold()
    teams = [kept for kept in feature.assigned_teams if kept.casefold() != gone]
    return edit_feature(feature, actor=actor, assigned_teams=teams)


def assign_po(feature: Feature, name: str, *, actor: TelegramUser | None) -> bool:
    """Say who answers for a feature ("": nobody); raises what `edit_feature` raises."""
    return edit_feature(feature, actor=actor, assigned_po=name)


def put_into_release(
    feature: Feature,
    release: Release | None,
    *,
    actor: TelegramUser | None,
    expected_revision: int | None = None,
) -> bool:
    """Put a feature into an open release of its project, or into none; raises what `edit_feature` raises."""
    return edit_feature(feature, actor=actor, expected_revision=expected_revision, release=release)


@transaction.atomic
def delete_feature(feature: Feature, *, actor: TelegramUser | None) -> None:
    """Delete a feature for good.

    Raises:
        FeatureGone: it was deleted already.
        ProjectArchived: nothing in its project may change.
    """
    lock(feature, "project", gone=FeatureGone)
    require_open(feature.project)
    feature.delete()


def _clean(changes: dict[str, Any]) -> dict[str, Any]:
    clean = dict(changes)
    if "name" in clean:
        clean["name"] = clean_name(clean["name"], limit=NAME_LIMIT)
    if "status" in clean:
        clean["status"] = FeatureStatus(clean["status"])
    if "assigned_teams" in clean:
        clean["assigned_teams"] = _clean_teams(clean["assigned_teams"])
    if "assigned_po" in clean:
        clean["assigned_po"] = " ".join(clean["assigned_po"].split())
        if len(clean["assigned_po"]) > ASSIGNEE_LIMIT:
            raise NameTooLong(limit=ASSIGNEE_LIMIT)
    for text in {"description", "status_reason"} & set(clean):
        clean[text] = clean[text].strip()
    return clean


def _clean_teams(teams: Iterable[str]) -> list[str]:
    # One team in two spellings is one team: the first stays.
    known: dict[str, str] = {}
    for team in teams:
        name = clean_name(team, limit=ASSIGNEE_LIMIT)
        known.setdefault(name.casefold(), name)
    return list(known.values())


def _require_possible(feature: Feature, values: dict[str, Any]) -> None:
    status = values.get("status", FeatureStatus(feature.status))
    if "status" in values:
        require_move(feature, FeatureStatus(feature.status), status)
    _require_reason(feature.name, status, values.get("status_reason", feature.status_reason))
    if values.get("release") is not None:
        _require_fitting(values["release"], feature.project)


def _require_reason(name: str, status: str, reason: str) -> None:
    if needs_reason(FeatureStatus(status)) and not reason:
        raise ReasonMissing(name=name, status=FeatureStatus(status).label)


def _require_fitting(release: Release, project: Project) -> None:
    if release.project_id != project.pk:
        raise ReleaseOfOtherProject(version=release.version, project=project.name)
    if release.status in CLOSED_RELEASE:
        raise ReleaseClosed(version=release.version, status=ReleaseStatus(release.status).label)
