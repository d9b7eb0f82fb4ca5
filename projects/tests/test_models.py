"""The tables hold by themselves: defaults, checks and keys also for whoever writes SQL."""

from __future__ import annotations

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from projects.models import ChangesSeen, Feature, Project, Release, UserContext
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory, UserContextFactory
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


def execute(sql: str, *parameters: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        # What is looked at only when the transaction ends is looked at now.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Defaults ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_inserted_by_sql_has_all_defaults():
    execute("INSERT INTO projects_project (name) VALUES ('Shop')")

    project = Project.objects.get()
    assert (project.description, project.status, project.revision) == ("", "active", 1)
    assert project.created_at == project.updated_at


def test_a_release_inserted_by_sql_has_all_defaults():
    project = ProjectFactory()
    execute("INSERT INTO projects_release (project_id, version) VALUES (%s, '1.0')", project.pk)

    release = Release.objects.get()
    assert (release.status, release.target_date, release.revision) == ("planned", None, 1)
    assert release.created_at == release.updated_at


def test_a_feature_inserted_by_sql_has_all_defaults():
    project = ProjectFactory()
    execute("INSERT INTO projects_feature (project_id, name) VALUES (%s, 'Login')", project.pk)

    feature = Feature.objects.get()
    assert (feature.status, feature.status_reason, feature.description) == ("backlog", "", "")
    assert (feature.assigned_teams, feature.assigned_po, feature.release, feature.revision) == (
        [],
        "",
        None,
        1,
    )


def test_a_context_inserted_by_sql_has_all_defaults():
    person = TelegramUserFactory()
    execute("INSERT INTO projects_usercontext (user_id) VALUES (%s)", person.pk)

    context = UserContext.objects.get()
    assert (context.user, context.active_project) == (person, None)
    assert context.created_at == context.updated_at


# ── Checks and keys ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO projects_project (name) VALUES (NULL)",
        "INSERT INTO projects_project (name) VALUES ('')",
        "INSERT INTO projects_project (name) VALUES (' ')",
        "INSERT INTO projects_project (name) VALUES (repeat('x', 201))",
        "INSERT INTO projects_project (name) VALUES ('SHOP')",
        "INSERT INTO projects_project (name) VALUES ('мАГАЗИН')",
        "INSERT INTO projects_project (name, status) VALUES ('x', 'sleeping')",
        "INSERT INTO projects_project (name, status) VALUES ('x', NULL)",
        "INSERT INTO projects_release (project_id, version) VALUES (1, ' ')",
        "INSERT INTO projects_release (project_id, version) VALUES (1, '1.0-RC')",
        "INSERT INTO projects_release (project_id, version) VALUES (1, repeat('x', 51))",
        "INSERT INTO projects_release (project_id, version) VALUES (987, '1')",
        "INSERT INTO projects_release (project_id, version) VALUES (NULL, '1')",
        "INSERT INTO projects_release (project_id, version, status) VALUES (1, '2', 'done')",
        "INSERT INTO projects_feature (project_id, name) VALUES (1, '')",
        "INSERT INTO projects_feature (project_id, name) VALUES (1, 'LOGIN')",
        "INSERT INTO projects_feature (project_id, name) VALUES (1, repeat('x', 201))",
        "INSERT INTO projects_feature (project_id, name) VALUES (987, 'x')",
        "INSERT INTO projects_feature (project_id, name) VALUES (NULL, 'x')",
        "INSERT INTO projects_feature (project_id, name, status) VALUES (1, 'x', 'released')",
        "INSERT INTO projects_feature (project_id, name, status) VALUES (1, 'x', 'blocked')",
        "INSERT INTO projects_feature (project_id, name, status) VALUES (1, 'x', 'dropped')",
        (
            "INSERT INTO projects_feature (project_id, name, status, status_reason)"
            " VALUES (1, 'x', 'blocked', ' ')"
        ),
        "INSERT INTO projects_feature (project_id, name, release_id) VALUES (1, 'x', 987)",
        "INSERT INTO projects_feature (project_id, name, release_id) VALUES (1, 'x', 2)",
        "UPDATE projects_feature SET release_id = 2",
        "UPDATE projects_feature SET project_id = 2, release_id = 1",
        "UPDATE projects_feature SET status = 'blocked'",
        "INSERT INTO projects_usercontext (active_project_id) VALUES (1)",
        "INSERT INTO projects_usercontext (user_id) VALUES (gen_random_uuid())",
    ],
)
def test_the_database_refuses_what_makes_no_sense(statement):
    project = ProjectFactory(pk=1, name="Shop")
    ProjectFactory(pk=2, name="Магазин")
    ReleaseFactory(pk=1, project=project, version="1.0-rc")
    ReleaseFactory(pk=2, project_id=2, version="1.0-rc")
    FeatureFactory(project=project, name="Login")

    with pytest.raises((IntegrityError, DataError)):
        execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO projects_release (project_id, version) VALUES (2, '1.0')",
        "INSERT INTO projects_feature (project_id, name) VALUES (2, 'Login')",
        "INSERT INTO projects_feature (project_id, name, release_id) VALUES (1, 'x', 1)",
        (
            "INSERT INTO projects_feature (project_id, name, status, status_reason)"
            " VALUES (1, 'x', 'blocked', 'bank')"
        ),
        "INSERT INTO projects_feature (project_id, name, status_reason) VALUES (1, 'x', 'later')",
        "UPDATE projects_feature SET release_id = 1",
    ],
)
def test_the_database_takes_what_makes_sense(statement):
    ProjectFactory(pk=1)
    ProjectFactory(pk=2)
    ReleaseFactory(pk=1, project_id=1, version="1.0")
    FeatureFactory(project_id=1, name="Login")

    execute(statement)


def test_every_table_refuses_a_second_row_of_one_key():
    for factory in (ProjectFactory, ReleaseFactory, FeatureFactory):
        row = factory()
        with pytest.raises(IntegrityError), transaction.atomic():
            factory(pk=row.pk)


# ── What goes along ───────────────────────────────────────────────────────────────────────────────────────


def test_a_project_deleted_by_sql_takes_its_features_and_releases_along():
    kept = FeatureFactory()
    context = UserContextFactory()
    project = context.active_project
    FeatureFactory(project=project, release=ReleaseFactory(project=project))

    execute("DELETE FROM projects_project WHERE id = %s", project.pk)

    assert (Feature.objects.get(), Release.objects.count()) == (kept, 0)
    assert fresh(context).active_project is None


def test_a_release_deleted_by_sql_leaves_its_features():
    release = ReleaseFactory()
    feature = FeatureFactory(project=release.project, release=release)

    execute("DELETE FROM projects_release WHERE id = %s", release.pk)

    assert (fresh(feature).release, fresh(feature).project) == (None, release.project)


def test_a_person_deleted_by_sql_takes_their_context_along():
    context = UserContextFactory()

    execute("DELETE FROM accounts_telegramuser WHERE id = %s", context.pk)

    assert not UserContext.objects.exists()
    assert Project.objects.count() == 1


def test_django_deletes_as_the_database_does():
    release = ReleaseFactory()
    feature = FeatureFactory(project=release.project, release=release)
    context = UserContextFactory(active_project=release.project)

    release.delete()
    assert fresh(feature).release is None
    context.active_project.delete()
    assert not Feature.objects.exists()
    assert fresh(context).active_project is None
    TelegramUser.objects.all().delete()
    assert not UserContext.objects.exists()


@pytest.mark.parametrize("table", ["accounts_telegramuser", "projects_project"])
def test_what_somebody_saw_is_deleted_by_sql_with_the_person_and_with_the_project(table):
    ChangesSeen.objects.create(user=TelegramUserFactory(), project=ProjectFactory(), seen_at=timezone.now())

    execute(f"DELETE FROM {table}")

    assert not ChangesSeen.objects.exists()


# ── What the database counts ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("factory", [ProjectFactory, ReleaseFactory, FeatureFactory, UserContextFactory])
def test_the_database_moves_updated_at(factory):
    row = factory()
    execute(f"UPDATE {row._meta.db_table} SET created_at = created_at")

    assert fresh(row).updated_at > row.updated_at


@pytest.mark.parametrize("factory", [ProjectFactory, ReleaseFactory, FeatureFactory])
def test_the_database_counts_revisions(factory):
    row = factory()
    table = row._meta.db_table
    execute(f"UPDATE {table} SET status = status")
    assert fresh(row).revision == 1, "nothing changed"

    execute(f"UPDATE {table} SET created_at = now() - interval '1 day'")
    assert fresh(row).revision == 2
    execute(f"UPDATE {table} SET revision = 99")
    assert fresh(row).revision == 2, "nobody else counts"


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_is_shown_by_its_name(django_assert_num_queries):
    project = ProjectFactory(name="Shop")
    release = ReleaseFactory(version="1.2", project=project)
    feature = FeatureFactory(name="Login", release=release, project=project)

    with django_assert_num_queries(0):
        assert (str(feature), str(feature.release), str(feature.project)) == ("Login", "1.2", "Shop")
    assert str(UserContextFactory(user=TelegramUserFactory())) != ""


@pytest.mark.parametrize(
    ("listed", "index"),
    [
        (lambda project: Feature.objects.of(project).order_by("status")[:8], "ix_feature_project_status"),
        (lambda project: Feature.objects.of(project).by_name()[:8], "uq_feature_project_name"),
        (lambda project: Feature.objects.of(project).filter(release=1), "projects_feature_release_id"),
        (lambda project: Feature.objects.filter(assigned_teams__contains=["web"]), "assigned_teams"),
        (lambda project: Feature.objects.filter(assigned_po="Boris").exclude(assigned_po=""), "assigned_po"),
        (lambda project: Feature.objects.filter(status="blocked"), "ix_feature_status"),
        (lambda project: Feature.objects.order_by("-updated_at")[:8], "ix_feature_updated_at"),
        (lambda project: Release.objects.of(project).order_by("target_date")[:8], "ix_release_project_date"),
        (lambda project: Release.objects.order_by("target_date")[:8], "ix_release_target_date"),
        (lambda project: Release.objects.filter(status="planned"), "ix_release_status"),
        (lambda project: Project.objects.filter(status="active").by_name()[:8], "ix_project_status_name"),
        (lambda project: Project.objects.order_by("-updated_at")[:8], "ix_project_updated_at"),
    ],
)
def test_lists_and_filters_have_their_index(listed, index):
    project = ProjectFactory()
    # Among a handful of rows one index is as good as another.
    execute(
        "INSERT INTO projects_project (name, status) "
        "SELECT 'Old ' || n, 'archived' FROM generate_series(1, 500) AS n"
    )
    execute(
        "INSERT INTO projects_feature (name, project_id) "
        "SELECT 'Feature ' || n, id FROM projects_project, generate_series(1, 9) AS n"
    )
    execute(
        "INSERT INTO projects_release (version, project_id, target_date) "
        "SELECT '1.' || n, id, current_date + n FROM projects_project, generate_series(1, 4) AS n"
    )
    execute("ANALYZE projects_project, projects_feature, projects_release")
    for node in ("seqscan", "sort"):
        execute(f"SET LOCAL enable_{node} = off")

    assert index in listed(project).explain()
