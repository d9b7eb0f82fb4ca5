"""What changed in a project, and the history of one thing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit.models import EventLog
from projects import services
from projects.changes import PAGE, changes_of, history_of
from projects.models import Feature, Release
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.updates import request_from, update_from
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db

LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def anna(db):
    return TelegramUserFactory(role=Role.ADMIN, first_name="Anna")


@pytest.fixture
def boris(db):
    return TelegramUserFactory(role=Role.ADMIN, first_name="Boris")


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


@pytest.fixture
def login(shop):
    return FeatureFactory(project=shop, name="Login")


def titles(page):
    return [item.title for item in page.items]


# ── Changes of a project ──────────────────────────────────────────────────────────────────────────────────


def test_changes_are_summed_up_thing_by_thing_the_latest_first(anna, boris, shop, login):
    release = ReleaseFactory(project=shop, version="1.2")
    since = timezone.now()
    with update_from(anna):
        services.move_feature(login, "planned", actor=anna)
    with update_from(boris):
        services.set_target_date(release, dt.date(2026, 3, 15), actor=boris)
        services.put_into_release(login, release, actor=boris)
        services.move_feature(login, "blocked", actor=boris, reason="no bank")
    with update_from(anna):
        services.create_feature(shop, "Logout", actor=anna)

    page = changes_of(shop, since)

    assert titles(page) == ["feature “Logout”", "feature “Login”", "release 1.2"]
    logout, changed, planned = page.items
    assert (logout.phrases, logout.people) == (["added"], ["Anna"])
    assert changed.phrases == ["status: backlog → blocked (no bank)", "release: — → 1.2"]
    assert changed.people == ["Boris", "Anna"], "who came last comes first"
    assert planned.phrases == ["target date: — → 15 Mar 2026"]
    assert since < planned.last_at < changed.last_at < logout.last_at
    assert (page.number, page.last, page.total) == (0, 0, 3)
    assert not any(item.is_deleted for item in page.items)


def test_only_what_happened_since_counts(anna, shop, login):
    services.move_feature(login, "planned", actor=anna)
    since = timezone.now()
    assert titles(changes_of(shop, since)) == []

    services.move_feature(login, "in_progress", actor=anna)

    (item,) = changes_of(shop, since).items
    assert item.phrases == ["status: planned → in progress"]


def test_another_project_is_none_of_its_business(anna, shop, login):
    other = FeatureFactory()
    since = timezone.now()
    services.move_feature(other, "planned", actor=anna)
    services.rename_project(other.project, "Bank", actor=anna)

    assert titles(changes_of(shop, since)) == []
    assert titles(changes_of(other.project, since)) == ["project “Bank”", f"feature “{other.name}”"]


def test_what_was_changed_back_is_told_as_such(anna, shop, login):
    since = timezone.now()
    services.assign_po(login, "Boris", actor=anna)
    services.assign_po(login, "", actor=anna)

    (item,) = changes_of(shop, since).items
    assert item.phrases == ["changed, and changed back"]


def test_what_was_added_and_moved_since_tells_both(anna, shop):
    old, new = ReleaseFactory(project=shop, version="1.2"), ReleaseFactory(project=shop, version="1.3")
    since = timezone.now()
    feature = FeatureFactory(project=shop, name="Search", release=old)
    services.move_feature(feature, "planned", actor=anna)
    services.put_into_release(feature, new, actor=anna)
    FeatureFactory(project=shop, name="Cart")
    basket = FeatureFactory(project=shop, name="Basket")
    services.assign_po(basket, "Boris", actor=anna)
    services.assign_po(basket, "", actor=anna)

    items = {item.title: item.phrases for item in changes_of(shop, since).items}

    assert items == {
        "feature “Search”": ["added, then status: backlog → planned; release: 1.2 → 1.3"],
        "feature “Cart”": ["added"],
        "feature “Basket”": ["added"],
    }


def test_deleted_things_keep_their_names(anna, shop, login):
    release = ReleaseFactory(project=shop, version="1.2")
    services.put_into_release(login, release, actor=anna)
    since = timezone.now()
    services.rename_feature(login, "Sign-in", actor=anna)
    services.delete_release(release, actor=anna)
    services.delete_feature(login, actor=anna)

    page = changes_of(shop, since)

    assert titles(page) == ["feature “Sign-in”", "release 1.2"]
    assert [(item.phrases, item.is_deleted) for item in page.items] == [(["deleted"], True)] * 2
    earlier = changes_of(shop, LONG_AGO)
    assert earlier.items[0].phrases == ["changed, and changed back"], "came and went"


def test_a_deleted_release_is_named_where_it_was_left(anna, shop, login):
    release = ReleaseFactory(project=shop, version="1.2")
    services.put_into_release(login, release, actor=anna)
    since = timezone.now()

    services.delete_release(release, actor=anna)

    assert [item.phrases for item in changes_of(shop, since).items] == [["deleted"], ["release: 1.2 → —"]]


def test_private_life_is_not_mixed_in(anna, shop):
    since = timezone.now()

    services.activate(anna, shop)

    assert titles(changes_of(shop, since)) == []


def test_everything_is_told_in_the_readers_language(anna, shop, login):
    since = timezone.now()
    services.move_feature(login, "planned", actor=anna)

    with translation.override("ru"):
        (item,) = changes_of(shop, since).items
    assert "Login" in item.title


def test_pages_follow_each_other_at_a_fixed_price(anna, shop):
    release = ReleaseFactory(project=shop)
    gone = ReleaseFactory(project=shop)
    since = timezone.now()
    features = FeatureFactory.create_batch(PAGE + 3, project=shop, release=gone)
    with update_from(anna):
        for feature in features:
            services.put_into_release(feature, release, actor=anna)
    with request_from(UserFactory()):
        Feature.objects.update(assigned_po="Boris")
        services.delete_release(gone, actor=None)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = changes_of(shop, since)
    assert len(queries) <= 6
    second = changes_of(shop, since, 1)

    assert (len(first.items), len(second.items)) == (PAGE, 4)
    assert (first.last, second.number, first.total, second.total) == (1, 1, PAGE + 4, PAGE + 4)
    assert not set(titles(first)) & set(titles(second))
    beyond = changes_of(shop, since, 2)
    assert titles(beyond) == []


# ── History ───────────────────────────────────────────────────────────────────────────────────────────────


def test_history_tells_every_event_of_one_thing(anna, boris, shop):
    with update_from(anna):
        login = services.create_feature(shop, "Login", actor=anna)
    with update_from(boris):
        services.edit_feature(login, actor=boris, description="by SMS", assigned_teams=["web", "core"])
    services.move_feature(login, "planned", actor=None)
    FeatureFactory(project=shop)

    page = history_of(login)

    assert [entry.phrases for entry in page.entries] == [
        ["status: backlog → planned"],
        ["description: new text", "teams: — → web, core"],
        ["added"],
    ]
    assert [entry.person for entry in page.entries] == ["the program", "Boris", "Anna"]
    assert (page.number, page.last, page.total) == (0, 0, 3)
    assert [entry.event_id for entry in page.entries] == list(
        EventLog.objects.filter(entity_type="projects.feature", entity_id=str(login.pk))
        .order_by("-pk")
        .values_list("pk", flat=True)
    )


def test_a_long_history_has_pages_at_a_fixed_price(anna, shop, django_assert_max_num_queries):
    release = ReleaseFactory(project=shop)
    for day in range(1, 20):
        services.set_target_date(release, dt.date(2026, 3, day), actor=anna)

    with django_assert_max_num_queries(6):
        first = history_of(release)
    last = history_of(release, first.last)

    assert (len(first.entries), first.last, first.total) == (PAGE, 2, 20)
    assert last.entries[-1].phrases == ["added"]
    assert history_of(release, 3).entries == []
    assert history_of(Release(pk=987)).total == 0
