"""Everything that changes projects. Each function is one transaction and locks what it decides about.

Who may do it is decided where the request comes in; `actor` is who does it (None: the program itself).
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from projects.exceptions import ProjectGone, ProjectNameTaken, WrongName
from projects.models import Project, Release
from projects.services.editing import (
    clean_name,
    differences,
    lock,
    require_move,
    require_open,
    unique_name,
    write,
)
from projects.statuses import ProjectStatus
from telegrambot.accounts.models import TelegramUser

NAME_LIMIT = 200
EDITABLE = frozenset({"name", "description", "status"})


@transaction.atomic
def create_project(name: str, *, actor: TelegramUser | None, description: str = "") -> Project:
    """Make a new project.

    Raises:
        NameMissing, NameTooLong: the name is no name.
        ProjectNameTaken: there is one of this name, in whatever case, archived or not.
    """
    name = clean_name(name, limit=NAME_LIMIT)
    with unique_name(ProjectNameTaken(name=name)):
        return Project.objects.create(name=name, description=description.strip())


@transaction.atomic
def edit_project(
    project: Project, *, actor: TelegramUser | None, expected_revision: int | None = None, **changes: Any
) -> bool:
    """Change a project's `name`, `description` or `status`; tell whether anything changed.

    `project` is brought up to date. An archived one can be brought back, and nothing else.

    Args:
        project: which.
        actor: who does it.
        expected_revision: the revision that the editor saw.
        **changes: the new values.

    Raises:
        EditConflict: someone else changed it since that revision.
        MoveRefused: it cannot become that from what it is.
        ProjectArchived, ProjectGone, ProjectNameTaken, NameMissing, NameTooLong: see there.
    """
    lock(project, gone=ProjectGone)
    values = differences(project, _clean(changes), editable=EDITABLE)
    if values and "status" not in values:
        require_open(project)
    taken = ProjectNameTaken(name=values.get("name", project.name))
    before = ProjectStatus(project.status)
    if "status" in values:
        require_move(project, before, ProjectStatus(values["status"]))
    return write(project, values, expected_revision=expected_revision, taken=taken)


def rename_project(
    project: Project, name: str, *, actor: TelegramUser | None, expected_revision: int | None = None
) -> bool:
    """Give a project another name; raises what `edit_project` raises."""
    return edit_project(project, actor=actor, expected_revision=expected_revision, name=name)


def set_project_status(
    project: Project, status: str, *, actor: TelegramUser | None, expected_revision: int | None = None
) -> bool:
    """Pause a project, archive it, or make it active again; raises what `edit_project` raises."""
    return edit_project(project, actor=actor, expected_revision=expected_revision, status=status)


@transaction.atomic
def archive_project(project: Project, typed_name: str, *, actor: TelegramUser | None) -> bool:
    """Archive a project, after its name was typed in whatever case.

    Raises:
        WrongName: another name was typed.
        ProjectGone: it was deleted.
    """
    lock(project, gone=ProjectGone)
    if " ".join(typed_name.split()).casefold() != project.name.casefold():
        raise WrongName(name=project.name)
    return set_project_status(project, ProjectStatus.ARCHIVED, actor=actor)


@transaction.atomic
def restore_project(project: Project, *, actor: TelegramUser | None) -> bool:
    """Bring an archived project back; one that is not archived stays as it is.

    Raises:
        ProjectGone: it was deleted.
    """
    lock(project, gone=ProjectGone)
    return project.is_archived and set_project_status(project, ProjectStatus.ACTIVE, actor=actor)


@transaction.atomic
def delete_project(project: Project, *, actor: TelegramUser | None) -> None:
    """Delete a project for good, with its features and releases.

    Raises:
        ProjectGone: it was deleted already.
    """
    lock(project, gone=ProjectGone)
    # Before its features, as everyone does who holds both: Django deletes the features first.
    list(Release.objects.of(project).order_by("pk").select_for_update(of=("self",)))
    project.delete()


def _clean(changes: dict[str, Any]) -> dict[str, Any]:
    clean = dict(changes)
    if "name" in clean:
        clean["name"] = clean_name(clean["name"], limit=NAME_LIMIT)
    if "description" in clean:
        clean["description"] = clean["description"].strip()
    if "status" in clean:
        clean["status"] = ProjectStatus(clean["status"])
    return clean
