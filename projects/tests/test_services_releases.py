"""What changes releases."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import EventLog
from projects import services
from projects.exceptions import (
    EditConflict,
    MoveRefused,
    NameMissing,
    NameTooLong,
    ReleaseGone,
    VersionTaken,
)
from projects.models import Feature, Release
from projects.statuses import ReleaseStatus, is_allowed
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.updates import update_from
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db

MARCH = dt.date(2026, 3, 15)


@pytest.fixture
def anna(db):
    return TelegramUserFactory(role=Role.ADMIN, first_name="Anna")


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


@pytest.fixture
def first(shop):
    return ReleaseFactory(project=shop, version="1.0-rc")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_a_new_release_is_planned(anna, shop):
    release = services.create_release(shop, " 1.2 ", actor=anna, target_date=MARCH)

    kept = fresh(release)
    assert (kept.version, kept.target_date, kept.status, kept.project) == ("1.2", MARCH, "planned", shop)


def test_a_version_is_given_once_in_a_project_whatever_the_case(anna, first):
    with pytest.raises(VersionTaken, match=r"Shop.*1\.0-RC"):
        services.create_release(first.project, "1.0-RC", actor=anna)
    assert Release.objects.get() == first

    services.create_release(ProjectFactory(), "1.0-rc", actor=anna)
    assert Release.objects.count() == 2


@pytest.mark.parametrize(("version", "refusal"), [("", NameMissing), ("x" * 51, NameTooLong)])
def test_a_version_that_is_none_is_refused(anna, first, version, refusal):
    with pytest.raises(refusal):
        services.create_release(first.project, version, actor=anna)
    with pytest.raises(refusal):
        services.rename_release(first, version, actor=anna)

    assert fresh(first).version == Release.objects.get().version == "1.0-rc"


@pytest.mark.parametrize("before", ReleaseStatus)
@pytest.mark.parametrize("after", ReleaseStatus)
def test_the_table_alone_decides_about_moves(anna, before, after):
    release = ReleaseFactory(status=before)

    if before == after:
        assert services.move_release(release, after, actor=anna) is False
    elif is_allowed(before, after):
        assert services.move_release(release, after, actor=anna) is True
        assert fresh(release).status == after
    else:
        with pytest.raises(MoveRefused, match=release.version):
            services.move_release(release, after, actor=anna)
        assert fresh(release).status == before


def test_a_date_is_set_moved_and_taken_away(anna, first):
    assert services.set_target_date(first, MARCH, actor=anna)
    assert not services.set_target_date(first, MARCH, actor=anna)
    assert fresh(first).target_date == MARCH
    assert EventLog.objects.latest("pk").details["after"] == {"target_date": "2026-03-15"}

    assert services.set_target_date(first, None, actor=anna)
    assert fresh(first).target_date is None


def test_a_release_cannot_take_anothers_version(anna, first):
    second = ReleaseFactory(project=first.project, version="2")

    with pytest.raises(VersionTaken):
        services.rename_release(second, "1.0-RC", actor=anna)
    assert services.rename_release(first, "1.0-RC", actor=anna), "its own in another case"

    assert (fresh(first).version, fresh(second).version) == ("1.0-RC", "2")


def test_the_second_editor_is_told_what_changed(anna, first):
    with update_from(anna):
        services.set_target_date(first, MARCH, actor=anna)

    with pytest.raises(EditConflict, match=r"1\.0-rc.*target date: — → .*2026 \(Anna\)"):
        services.move_release(fresh(first), "released", actor=None, expected_revision=1)

    assert fresh(first).status == "planned"


def test_a_deleted_release_leaves_its_features(anna, first):
    feature = FeatureFactory(project=first.project, release=first)
    seen = fresh(first)

    services.delete_release(first, actor=anna)

    assert fresh(feature).release is None
    with pytest.raises(ReleaseGone):
        services.move_release(seen, "released", actor=anna)
    with pytest.raises(ReleaseGone):
        services.delete_release(seen, actor=anna)


def test_releases_are_listed_with_their_progress_in_one_query(first, django_assert_num_queries):
    later = ReleaseFactory(project=first.project, version="3", target_date=MARCH + dt.timedelta(1))
    sooner = ReleaseFactory(project=first.project, version="2", target_date=MARCH)
    ReleaseFactory()  # of another project
    for status in ("done", "planned", "blocked", "dropped"):
        FeatureFactory(project=first.project, release=sooner, status=status, status_reason="so")
    FeatureFactory(project=first.project, status="done")

    with django_assert_num_queries(1):
        listed = list(Release.objects.of(first.project).with_progress().by_date())

    assert listed == [sooner, later, first], "those without a date come last"
    assert [(release.feature_count, release.done_count) for release in listed] == [(3, 1), (0, 0), (0, 0)]
    assert Feature.objects.count() == 5
