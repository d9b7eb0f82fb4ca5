"""Which project a person is busy with, and when they last looked at its changes."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from projects.models import Project, UserContext
from projects.services.editing import open_project
from projects.statuses import ProjectStatus
from telegrambot.accounts.models import TelegramUser


@transaction.atomic
def activate(person: TelegramUser, project: Project) -> None:
    """Let what `person` says be about `project` from now on.

    Raises:
        ProjectArchived, ProjectGone: it cannot be worked on.
    """
    _keep(person, active_project=open_project(project))


def deactivate(person: TelegramUser) -> None:
    """Let what `person` says be about no project."""
    _keep(person, active_project=None)


def active_project(person: TelegramUser) -> Project | None:
    """The project `person` is busy with (one query). An archived one does not count while it is archived."""
    return context_of(person).active_project


def context_of(person: TelegramUser) -> UserContext:
    """What `person` is busy with, and since when they know it (one query); empty for who never chose."""
    known = UserContext.objects.select_related("active_project").filter(user=person.pk).first()
    context = known or UserContext(user=person)
    if context.active_project is not None and context.active_project.status == ProjectStatus.ARCHIVED:
        context.active_project = None
    return context


def mark_changes_seen(person: TelegramUser, moment: dt.datetime) -> None:
    """Remember up to which moment `person` knows the changes."""
    _keep(person, changes_seen_at=moment)


def _keep(person: TelegramUser, **values: object) -> None:
    # One statement: two updates of one person at once make one row.
    UserContext.objects.bulk_create(
        [UserContext(user=person, **values)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=list(values),
    )
