"""What changes features."""

from __future__ import annotations

import pytest

from audit.models import EventLog
from projects import services
from projects.exceptions import (
    EditConflict,
    FeatureGone,
    FeatureNameTaken,
    MoveRefused,
    NameMissing,
    NameTooLong,
    ReasonMissing,
    ReleaseClosed,
    ReleaseGone,
    ReleaseOfOtherProject,
)
from projects.models import Feature
from projects.statuses import FeatureStatus, allowed_moves, is_allowed, needs_reason
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


@pytest.fixture
def login(shop):
    return FeatureFactory(project=shop, name="Login")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Creating ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_feature_waits_in_the_backlog(anna, shop):
    feature = services.create_feature(shop, " Login  page ", actor=anna, description=" with a password ")

    assert fresh(feature).name == feature.name == "Login page"
    assert (fresh(feature).description, fresh(feature).status) == ("with a password", "backlog")
    assert EventLog.objects.latest("pk").action == "projects.feature.created"


def test_a_new_feature_may_be_complete_at_once(anna, shop):
    release = ReleaseFactory(project=shop)

    feature = services.create_feature(
        shop,
        "Login",
        actor=anna,
        status="blocked",
        status_reason=" no bank ",
        assigned_teams=["web", " Web ", "core"],
        assigned_po="Boris",
        release=release,
    )

    kept = fresh(feature)
    assert (kept.status, kept.status_reason, kept.assigned_po) == ("blocked", "no bank", "Boris")
    assert (kept.assigned_teams, kept.release) == (["web", "core"], release)


@pytest.mark.parametrize("name", ["Login", "LOGIN", " login "])
def test_a_name_is_given_once_in_a_project_whatever_the_case(anna, login, name):
    with pytest.raises(FeatureNameTaken, match=r"(?i)shop.*login"):
        services.create_feature(login.project, name, actor=anna)
    assert Feature.objects.get() == login

    services.create_feature(ProjectFactory(), name, actor=anna)
    assert Feature.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"name": " "}, NameMissing),
        ({"name": "x" * 201}, NameTooLong),
        ({"name": "x", "assigned_po": "x" * 101}, NameTooLong),
        ({"name": "x", "assigned_teams": ["web", " "]}, NameMissing),
        ({"name": "x", "assigned_teams": ["x" * 101]}, NameTooLong),
        ({"name": "x", "status": "dropped"}, ReasonMissing),
        ({"name": "x", "status": "blocked", "status_reason": " "}, ReasonMissing),
    ],
)
def test_an_impossible_feature_is_not_made(anna, shop, values, refusal):
    with pytest.raises(refusal):
        services.create_feature(shop, actor=anna, **values)

    assert not Feature.objects.exists()


# ── Moving ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", FeatureStatus)
@pytest.mark.parametrize("after", FeatureStatus)
def test_the_table_alone_decides_about_moves(anna, before, after):
    feature = FeatureFactory(status=before, status_reason="so it was")
    events = EventLog.objects.count()

    if is_allowed(before, after) or before == after:
        assert services.move_feature(feature, after, actor=anna, reason="because") is True
        assert (fresh(feature).status, fresh(feature).status_reason) == (after, "because")
    else:
        with pytest.raises(MoveRefused) as refusal:
            services.move_feature(feature, after, actor=anna, reason="because")
        assert all(str(move.label) in str(refusal.value) for move in allowed_moves(before))
        assert (fresh(feature).status, fresh(feature).status_reason) == (before, "so it was")
        assert EventLog.objects.count() == events


@pytest.mark.parametrize("status", [status for status in FeatureStatus if needs_reason(status)])
@pytest.mark.parametrize("reason", ["", "  "])
def test_a_move_that_needs_a_reason_is_refused_without_one(anna, status, reason):
    feature = FeatureFactory(status="in_progress")

    with pytest.raises(ReasonMissing, match=feature.name):
        services.move_feature(feature, status, actor=anna, reason=reason)

    assert fresh(feature).status == "in_progress"


def test_the_reason_of_a_state_goes_with_it(anna, login):
    services.move_feature(login, "dropped", actor=anna, reason="too dear")
    assert fresh(login).status_reason == "too dear"

    services.move_feature(login, "backlog", actor=anna)
    assert fresh(login).status_reason == ""


def test_a_move_to_where_it_is_changes_nothing_and_keeps_the_reason(anna, login):
    services.move_feature(login, "dropped", actor=anna, reason="too dear")
    events = EventLog.objects.count()

    assert not services.move_feature(login, "dropped", actor=anna)

    assert fresh(login).status_reason == "too dear"
    assert EventLog.objects.count() == events


def test_the_reason_of_a_blocked_feature_can_be_worded_anew_but_not_taken_away(anna, login):
    Feature.objects.update(status="blocked", status_reason="no bank")

    assert services.edit_feature(login, actor=anna, status_reason="no bank yet")
    with pytest.raises(ReasonMissing):
        services.edit_feature(login, actor=anna, status_reason="")

    assert fresh(login).status_reason == "no bank yet"


# ── Editing ───────────────────────────────────────────────────────────────────────────────────────────────


def test_one_edit_is_one_event_with_exactly_what_changed(anna, login):
    with update_from(anna) as key:
        assert services.edit_feature(
            login, actor=anna, name="Login", description="by SMS", status="planned", assigned_po=" Boris "
        )

    event = EventLog.objects.latest("pk")
    assert (event.user_id, event.origin, event.correlation_id) == (str(anna.pk), "chat", key)
    assert event.action == "projects.feature.changed"
    assert event.details == {
        "before": {"description": "", "status": "backlog", "assigned_po": ""},
        "after": {"description": "by SMS", "status": "planned", "assigned_po": "Boris"},
    }
    assert (fresh(login).revision, login.revision) == (2, 2)


def test_an_edit_leaves_alone_what_others_changed_meanwhile(anna, login):
    stale = fresh(login)
    services.assign_po(login, "Boris", actor=anna)

    services.rename_feature(stale, "Sign-in", actor=anna)

    assert (fresh(login).name, fresh(login).assigned_po) == ("Sign-in", "Boris")
    assert stale.assigned_po == "Boris", "what was passed in is brought up to date"


def test_a_feature_cannot_take_anothers_name(anna, login):
    other = FeatureFactory(project=login.project, name="Logout")

    with pytest.raises(FeatureNameTaken, match="LOGIN"):
        services.rename_feature(other, "LOGIN", actor=anna)

    assert fresh(other).name == "Logout"


def test_what_cannot_be_changed_is_a_mistake_of_the_program(anna, login):
    with pytest.raises(TypeError, match="project"):
        services.edit_feature(login, actor=anna, project=ProjectFactory())
    with pytest.raises(ValueError, match="sleeping"):
        services.move_feature(login, "sleeping", actor=anna)

    assert fresh(login).revision == 1


def test_an_edit_costs_a_fixed_number_of_queries(anna, login, django_assert_num_queries):
    with django_assert_num_queries(6):  # a savepoint, the lock, one more savepoint, the change
        services.move_feature(login, "planned", actor=anna)


def test_a_deleted_feature_cannot_be_changed(anna, login):
    seen = fresh(login)
    services.delete_feature(login, actor=anna)

    for attempt in (
        lambda: services.move_feature(seen, "planned", actor=anna),
        lambda: services.assign_team(seen, "web", actor=anna),
        lambda: services.unassign_team(seen, "web", actor=anna),
        lambda: services.delete_feature(seen, actor=anna),
    ):
        with pytest.raises(FeatureGone):
            attempt()
    assert not Feature.objects.exists()


# ── Two editors ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_second_editor_is_told_what_changed_and_who_did_it(anna, login):
    boris = TelegramUserFactory(first_name="Boris")
    release = ReleaseFactory(project=login.project, version="1.2")
    with update_from(anna):
        services.move_feature(login, "planned", actor=anna)
        services.put_into_release(login, release, actor=anna)
    with update_from(boris):
        services.move_feature(login, "blocked", actor=boris, reason="no bank")
    events = EventLog.objects.count()

    with pytest.raises(EditConflict) as conflict:
        services.edit_feature(fresh(login), actor=anna, expected_revision=2, assigned_po="Boris")

    sentence = str(conflict.value)
    assert "release: — → 1.2" in sentence
    assert "status: planned → blocked (no bank)" in sentence, "since revision 2, not since ever"
    assert "(Anna, " in sentence or ", Anna" in sentence
    assert "Boris" in sentence
    assert fresh(login).assigned_po == ""
    assert EventLog.objects.count() == events


def test_whoever_saw_the_latest_revision_may_edit(anna, login):
    services.move_feature(login, "planned", actor=anna)

    assert services.move_feature(login, "in_progress", actor=anna, expected_revision=login.revision)


def test_a_second_press_of_one_button_changes_nothing_and_is_no_conflict(anna, login):
    assert services.move_feature(login, "planned", actor=anna, expected_revision=1)
    assert not services.move_feature(login, "planned", actor=anna, expected_revision=1)


# ── Assigning ─────────────────────────────────────────────────────────────────────────────────────────────


def test_teams_come_and_go_whatever_the_case(anna, login):
    assert services.assign_team(login, " Web  team ", actor=anna)
    assert services.assign_team(login, "core", actor=anna)
    assert not services.assign_team(login, "CORE", actor=anna)
    assert fresh(login).assigned_teams == ["Web team", "core"]

    assert services.unassign_team(login, "WEB TEAM", actor=anna)
    assert not services.unassign_team(login, "nobody", actor=anna)
    assert fresh(login).assigned_teams == ["core"]


def test_an_owner_is_assigned_and_taken_away(anna, login):
    assert services.assign_po(login, "Boris  B.", actor=anna)
    assert fresh(login).assigned_po == "Boris B."

    assert services.assign_po(login, "", actor=anna)
    assert fresh(login).assigned_po == ""


def test_a_name_too_long_to_assign_is_refused(anna, login):
    with pytest.raises(NameTooLong, match="100"):
        services.assign_po(login, "x" * 101, actor=anna)
    with pytest.raises(NameMissing):
        services.assign_team(login, " ", actor=anna)

    assert fresh(login).revision == 1


# ── Releases ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_feature_goes_into_a_release_and_out_again(anna, login):
    release = ReleaseFactory(project=login.project)

    assert services.put_into_release(login, release, actor=anna)
    assert fresh(login).release == release
    assert services.put_into_release(login, None, actor=anna)
    assert fresh(login).release is None


def test_a_release_of_another_project_is_refused(anna, login):
    foreign = ReleaseFactory(version="9.9")

    with pytest.raises(ReleaseOfOtherProject, match=r"9\.9.*Shop"):
        services.put_into_release(login, foreign, actor=anna)
    with pytest.raises(ReleaseOfOtherProject):
        services.create_feature(login.project, "x", actor=anna, release=foreign)

    assert fresh(login).release is None


@pytest.mark.parametrize("status", ["released", "cancelled"])
def test_nothing_is_put_into_a_closed_release_but_it_may_leave_it(anna, login, status):
    release = ReleaseFactory(project=login.project, status=status, version="1.2")

    with pytest.raises(ReleaseClosed, match=rf"1\.2.*{status}"):
        services.put_into_release(login, release, actor=anna)
    assert fresh(login).release is None

    Feature.objects.update(release=release)
    assert services.put_into_release(login, None, actor=anna)


def test_a_deleted_release_takes_nothing(anna, login):
    release = ReleaseFactory(project=login.project)
    seen = fresh(release)
    services.delete_release(release, actor=anna)

    for attempt in (
        lambda: services.put_into_release(login, seen, actor=anna),
        lambda: services.create_feature(login.project, "x", actor=anna, release=seen),
    ):
        with pytest.raises(ReleaseGone):
            attempt()
    assert Feature.objects.get() == login


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_features_are_counted_by_status_in_one_query(shop, django_assert_num_queries):
    FeatureFactory()  # of another project
    FeatureFactory.create_batch(2, project=shop, status="done")
    FeatureFactory(project=shop, status="planned")

    with django_assert_num_queries(1):
        counts = Feature.objects.of(shop).by_name().counts_by_status()

    assert counts == {"backlog": 0, "planned": 1, "in_progress": 0, "blocked": 0, "done": 2, "dropped": 0}


def test_features_are_listed_with_their_release_in_one_query(shop, django_assert_num_queries):
    release = ReleaseFactory(project=shop, version="1.2")
    for name in ("zoom", "Apple", "bill"):
        FeatureFactory(project=shop, name=name, release=release)
    FeatureFactory(project=shop, status="done")

    with django_assert_num_queries(1):
        listed = Feature.objects.of(shop).open().with_release().by_name()
        shown = [(feature.name, feature.release.version, feature.project.name) for feature in listed]

    assert shown == [(name, "1.2", "Shop") for name in ("Apple", "bill", "zoom")]
