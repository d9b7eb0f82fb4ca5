"""What migrations carry over. That each goes back and forward is seen to for all apps at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from projects import services
from projects.models import ChangesSeen
from projects.tests.factories import ProjectFactory, UserContextFactory
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


def migrate(name):
    connection.check_constraints()  # what is still to be checked could not be altered
    MigrationExecutor(connection).migrate([("projects", name)])


def moments_by_person():
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, changes_seen_at FROM projects_usercontext")
        return dict(cursor.fetchall())


def test_when_people_looked_at_changes_is_carried_there_and_back():
    busy, never, idle = UserContextFactory(), UserContextFactory(), TelegramUserFactory()
    other, now = ProjectFactory(), timezone.now()
    services.mark_changes_seen(busy.user, busy.active_project, now)
    services.mark_changes_seen(busy.user, other, now - dt.timedelta(days=1))
    services.mark_changes_seen(idle, other, now)

    migrate("0002_audit")
    assert moments_by_person() == {busy.pk: now, never.pk: None, idle.pk: now}

    migrate("0003_changes_seen")
    look = ChangesSeen.objects.get()
    assert (look.user, look.project, look.seen_at) == (busy.user, busy.active_project, now)
