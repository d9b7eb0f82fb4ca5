"""What changes projects, and what is busy with them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError
from django.utils import timezone

from audit.models import EventLog
from projects import services
from projects.exceptions import (
    EditConflict,
    MoveRefused,
    NameMissing,
    NameTooLong,
    ProjectArchived,
    ProjectGone,
    ProjectNameTaken,
    WrongName,
)
from projects.models import ChangesSeen, Feature, Project, Release, UserContext
from projects.services.editing import unique_name
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.updates import update_from
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(db):
    return TelegramUserFactory(role=Role.ADMIN, first_name="Anna")


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Creating ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_project_is_active_and_its_name_tidy(anna):
    project = services.create_project("  Web \n shop ", actor=anna, description=" sells ")

    assert fresh(project).name == project.name == "Web shop"
    assert (fresh(project).description, fresh(project).status) == ("sells", "active")


@pytest.mark.parametrize("name", ["Shop", "SHOP", " shop "])
@pytest.mark.parametrize("status", ["active", "archived"])
def test_a_name_is_given_once_whatever_the_case(anna, shop, name, status):
    Project.objects.update(status=status)

    with pytest.raises(ProjectNameTaken, match=r"(?i)shop"):
        services.create_project(name, actor=anna)

    assert Project.objects.get() == shop


def test_russian_names_have_no_case_either(anna):
    services.create_project("Магазин", actor=anna)

    with pytest.raises(ProjectNameTaken):
        services.create_project("мАГАЗИН", actor=anna)


@pytest.mark.parametrize(
    ("name", "refusal"), [("", NameMissing), (" \n", NameMissing), ("x" * 201, NameTooLong)]
)
def test_a_name_that_is_none_is_refused(anna, shop, name, refusal):
    with pytest.raises(refusal):
        services.create_project(name, actor=anna)
    with pytest.raises(refusal):
        services.rename_project(shop, name, actor=anna)

    assert fresh(shop).name == Project.objects.get().name == "Shop"


# ── Changing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_changes_is_written(anna, shop):
    Project.objects.update(description="sells")

    assert services.rename_project(shop, "Store", actor=anna)

    assert (fresh(shop).name, fresh(shop).description) == ("Store", "sells")
    assert (shop.description, shop.revision) == ("sells", fresh(shop).revision)
    assert EventLog.objects.latest("pk").details == {"before": {"name": "Shop"}, "after": {"name": "Store"}}


def test_what_is_so_already_is_no_change(anna, shop):
    events = EventLog.objects.count()

    assert not services.rename_project(shop, " Shop ", actor=anna)
    assert not services.set_project_status(shop, "active", actor=anna)

    assert EventLog.objects.count() == events


def test_a_project_may_change_the_case_of_its_own_name(anna, shop):
    assert services.rename_project(shop, "SHOP", actor=anna)

    assert fresh(shop).name == "SHOP"


def test_a_project_cannot_take_anothers_name(anna, shop):
    ProjectFactory(name="Bank")

    with pytest.raises(ProjectNameTaken, match="bank"):
        services.rename_project(shop, "bank", actor=anna)

    assert fresh(shop).name == "Shop"


def test_what_cannot_be_changed_is_a_mistake_of_the_program(anna, shop):
    with pytest.raises(TypeError, match="revision"):
        services.edit_project(shop, actor=anna, revision=7)
    with pytest.raises(ValueError, match="sleeping"):
        services.set_project_status(shop, "sleeping", actor=anna)

    assert fresh(shop).revision == 1


def test_the_second_editor_is_told_what_changed(anna, shop):
    seen = fresh(shop)
    with update_from(anna):
        services.edit_project(shop, actor=anna, status="paused", description="sells shoes")

    with pytest.raises(EditConflict, match=r"Shop.*new text.*status: active → paused \(Anna\)"):
        services.rename_project(seen, "Store", actor=None, expected_revision=1)

    assert (fresh(shop).name, fresh(shop).status) == ("Shop", "paused")


def test_only_a_name_that_is_taken_is_told_as_such(shop):
    with pytest.raises(IntegrityError), unique_name(ProjectNameTaken(name="Shop")):
        Project.objects.update(status="sleeping")

    assert fresh(shop).status == "active"


def test_a_deleted_project_cannot_be_changed(anna, shop):
    seen = fresh(shop)
    services.delete_project(shop, actor=anna)

    for attempt in (
        lambda: services.rename_project(seen, "x", actor=anna),
        lambda: services.archive_project(seen, "Shop", actor=anna),
        lambda: services.restore_project(seen, actor=anna),
        lambda: services.delete_project(seen, actor=anna),
        lambda: services.create_feature(seen, "x", actor=anna),
        lambda: services.create_release(seen, "x", actor=anna),
        lambda: services.activate(anna, seen),
    ):
        with pytest.raises(ProjectGone):
            attempt()
    assert not Project.objects.exists()


def test_a_deleted_project_takes_everything_along(anna, shop):
    release = ReleaseFactory(project=shop)
    FeatureFactory(project=shop, release=release)
    services.activate(anna, shop)
    kept = FeatureFactory()

    services.delete_project(shop, actor=anna)

    assert (Feature.objects.get(), Release.objects.count()) == (kept, 0)
    assert services.active_project(anna) is None


# ── Archiving ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["Shop", "shop", "  SHOP "])
def test_a_project_is_archived_by_its_name(anna, shop, typed):
    assert services.archive_project(shop, typed, actor=anna)

    assert fresh(shop).is_archived


@pytest.mark.parametrize("typed", ["", "Sho", "Shop!", "yes"])
def test_another_name_archives_nothing(anna, shop, typed):
    with pytest.raises(WrongName, match="Shop"):
        services.archive_project(shop, typed, actor=anna)

    assert not fresh(shop).is_archived


def test_an_archived_project_comes_back(anna, shop):
    services.archive_project(shop, "Shop", actor=anna)

    assert services.restore_project(shop, actor=anna)
    assert fresh(shop).status == "active"
    assert not services.restore_project(shop, actor=anna)


def test_a_paused_project_is_not_brought_back_by_mistake(anna, shop):
    services.set_project_status(shop, "paused", actor=anna)

    assert not services.restore_project(shop, actor=anna)
    assert fresh(shop).status == "paused"


def test_an_archived_project_does_not_pause(anna, shop):
    services.archive_project(shop, "Shop", actor=anna)

    with pytest.raises(MoveRefused, match=r"Shop.*archived.*active"):
        services.set_project_status(shop, "paused", actor=anna)


def test_nothing_in_an_archived_project_changes(anna, shop):
    feature, release = FeatureFactory(project=shop), ReleaseFactory(project=shop)
    services.archive_project(shop, "Shop", actor=anna)
    events = EventLog.objects.count()

    for attempt in (
        lambda: services.rename_project(shop, "Store", actor=anna),
        lambda: services.create_feature(shop, "Login", actor=anna),
        lambda: services.move_feature(feature, "planned", actor=anna),
        lambda: services.put_into_release(feature, release, actor=anna),
        lambda: services.create_release(shop, "1", actor=anna),
        lambda: services.move_release(release, "released", actor=anna),
        lambda: services.delete_feature(feature, actor=anna),
        lambda: services.delete_release(release, actor=anna),
        lambda: services.activate(anna, shop),
    ):
        with pytest.raises(ProjectArchived, match="Shop"):
            attempt()

    assert EventLog.objects.count() == events
    assert not UserContext.objects.exists()
    services.delete_project(shop, actor=anna)
    assert not Feature.objects.exists()


# ── The active project ────────────────────────────────────────────────────────────────────────────────────


def test_each_person_is_busy_with_a_project_of_their_own(anna, shop, django_assert_num_queries):
    boris, bank = TelegramUserFactory(), ProjectFactory()
    assert services.active_project(anna) is None

    services.activate(anna, bank)
    services.activate(anna, shop)
    services.activate(boris, bank)

    with django_assert_num_queries(1):
        assert services.active_project(anna) == shop
    assert services.active_project(boris) == bank
    services.deactivate(anna)
    assert services.active_project(anna) is None
    assert services.active_project(boris) == bank


def test_an_archived_project_is_nobodys_until_it_comes_back(anna, shop):
    services.activate(anna, shop)

    services.archive_project(shop, "shop", actor=None)
    assert services.active_project(anna) is None
    services.restore_project(shop, actor=None)
    assert services.active_project(anna) == shop


def test_what_was_seen_is_remembered_by_person_and_project(anna, shop, django_assert_num_queries):
    boris, bank = TelegramUserFactory(), ProjectFactory()
    earlier, later = timezone.now() - dt.timedelta(days=1), timezone.now()

    services.mark_changes_seen(anna, shop, earlier)
    services.mark_changes_seen(anna, bank, earlier)
    services.mark_changes_seen(anna, shop, later)

    with django_assert_num_queries(1):
        assert services.changes_seen_at(anna, shop) == later
    assert services.changes_seen_at(anna, bank) == earlier
    assert services.changes_seen_at(boris, shop) is None
    assert services.active_project(anna) is None


def test_what_was_seen_is_forgotten_with_the_project_and_with_the_person(anna, shop):
    boris, bank = TelegramUserFactory(), ProjectFactory()
    for person in (anna, boris):
        for project in (shop, bank):
            services.mark_changes_seen(person, project, timezone.now())

    services.delete_project(shop, actor=None)
    boris.delete()

    look = ChangesSeen.objects.get()
    assert (look.user, look.project) == (anna, bank)


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_projects_are_listed_with_their_counts_in_one_query(shop, django_assert_num_queries):
    for name in ("apples", "Bank", "zoo"):
        ProjectFactory(name=name)
    ProjectFactory(name="Cellar", status="archived")
    for status in ("done", "done", "backlog"):
        FeatureFactory(project=shop, status=status)
    FeatureFactory(project=shop, status="dropped", status_reason="too dear")

    with django_assert_num_queries(1):
        listed = list(Project.objects.visible().with_counts().by_name())

    assert [project.name for project in listed] == ["apples", "Bank", "Shop", "zoo"]
    assert [(project.feature_count, project.done_count) for project in listed] == [
        (0, 0),
        (0, 0),
        (3, 2),
        (0, 0),
    ]
