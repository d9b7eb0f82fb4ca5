"""Which project a person is busy with, and up to when they know the changes of each."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from projects.models import ChangesSeen, Project, UserContext
from projects.services.editing import open_project
from projects.statuses import ProjectStatus
from telegrambot.accounts.models import TelegramUser


@transaction.atomic
def activate(person: TelegramUser, project: Project) -> None:
    """Let what `person` says be about `project` from now on.

    Raises:
        ProjectArchived, ProjectGone: it cannot be worked on.
    """
    _keep(person, open_project(project))


def deactivate(person: TelegramUser) -> None:
    """Let what `person` says be about no project."""
    _keep(person, None)


def active_project(person: TelegramUser) -> Project | None:
    """The project `person` is busy with (one query). An archived one does not count while it is archived."""
    contexts = UserContext.objects.select_related("active_project").filter(user=person.pk)
    context = contexts.exclude(active_project__status=ProjectStatus.ARCHIVED).first()
    return context.active_project if context else None


def changes_seen_at(person: TelegramUser, project: Project) -> dt.datetime | None:
    """Up to which moment `person` knows the changes of `project`; None: they never looked."""
    looks = ChangesSeen.objects.filter(user=person.pk, project=project.pk)
    return looks.values_list("seen_at", flat=True).first()


def mark_changes_seen(person: TelegramUser, project: Project, moment: dt.datetime) -> None:
    """Remember up to which moment `person` knows the changes of `project`."""
    # One statement, here as below: two updates of one person at once make one row.
    ChangesSeen.objects.bulk_create(
        [ChangesSeen(user=person, project=project, seen_at=moment)],
        update_conflicts=True,
        unique_fields=["user", "project"],
        update_fields=["seen_at"],
    )


def _keep(person: TelegramUser, project: Project | None) -> None:
    UserContext.objects.bulk_create(
        [UserContext(user=person, active_project=project)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["active_project"],
    )
