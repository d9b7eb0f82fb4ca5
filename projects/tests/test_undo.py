"""Taking back what a person changed last."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.context import acting
from audit.models import EventLog
from projects import services
from projects.exceptions import CannotUndo
from projects.folding import NetChange
from projects.models import Feature, Project, Release
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.updates import request_from, update_from
from projects.undo import last_change, plan_of, undo
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


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
    return FeatureFactory(project=shop, name="Login", status="planned")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def state(row):
    """Everything about a row but when it was touched."""
    values = type(row).objects.filter(pk=row.pk).values().get()
    return {name: value for name, value in values.items() if name not in {"updated_at", "revision"}}


def undo_last(person):
    with update_from(person):
        return undo(last_change(person).event_id, actor=person)


def bring_back(undone, person):
    with update_from(person):
        return undo(undone.event_id, actor=person)


def refusal_of(event_id, person):
    events = EventLog.objects.count()
    with update_from(person), pytest.raises(CannotUndo) as refusal:
        undo(event_id, actor=person)
    assert EventLog.objects.count() == events, "a refused undo writes nothing"
    assert str(refusal.value).startswith("This cannot be undone: ")
    return refusal.value.details["reason"]


# ── One change ────────────────────────────────────────────────────────────────────────────────────────────


def test_who_changed_nothing_has_nothing_to_undo(anna, login):
    assert last_change(anna) is None


def test_the_plan_says_what_was_done_and_what_undoing_it_does(anna, login):
    with update_from(anna):
        services.move_feature(login, "blocked", actor=anna, reason="no bank")

    plan = last_change(anna)

    assert plan.changes == ["Feature “Login”: status: planned → blocked (no bank)"]
    assert plan.preview == ["Feature “Login”: status: blocked → planned"]
    assert (plan.refusal, plan.is_undo) == ("", False)
    assert plan.at == EventLog.objects.get(pk=plan.event_id).timestamp
    assert fresh(login).status == "blocked", "a plan changes nothing"


def test_an_undo_writes_only_what_the_change_wrote(anna, boris, login):
    with update_from(anna):
        services.move_feature(login, "blocked", actor=anna, reason="no bank")
    with update_from(boris):
        services.assign_po(login, "Boris", actor=boris)

    undone = undo_last(anna)

    assert undone.sentences == ["Feature “Login”: status: blocked → planned"]
    kept = fresh(login)
    assert (kept.status, kept.status_reason, kept.assigned_po) == ("planned", "", "Boris")


def test_an_undo_is_an_event_that_names_what_it_took_back(anna, login):
    with update_from(anna):
        services.move_feature(login, "done", actor=anna)
    first = EventLog.objects.latest("pk")

    undo_last(anna)

    event = EventLog.objects.latest("pk")
    assert event.pk > first.pk
    assert (event.user_id, event.action) == (str(anna.pk), "projects.feature.changed")
    assert event.details == {
        "undoes": first.pk,
        "before": {"status": "done"},
        "after": {"status": "planned"},
    }


def test_an_undo_may_go_where_no_move_leads(anna, login):
    with update_from(anna):
        services.move_feature(login, "done", actor=anna)

    undo_last(anna)

    assert fresh(login).status == "planned"


@pytest.mark.parametrize(
    "change",
    [
        lambda anna, login, release: services.rename_feature(login, "Sign-in", actor=anna),
        lambda anna, login, release: services.edit_feature(login, actor=anna, description="by SMS"),
        lambda anna, login, release: services.move_feature(login, "dropped", actor=anna, reason="too dear"),
        lambda anna, login, release: services.assign_team(login, "web", actor=anna),
        lambda anna, login, release: services.assign_po(login, "Boris", actor=anna),
        lambda anna, login, release: services.put_into_release(login, release, actor=anna),
        lambda anna, login, release: services.set_target_date(release, dt.date(2026, 3, 15), actor=anna),
        lambda anna, login, release: services.rename_release(release, "2.0", actor=anna),
        lambda anna, login, release: services.move_release(release, "released", actor=anna),
        lambda anna, login, release: services.rename_project(login.project, "Store", actor=anna),
        lambda anna, login, release: services.archive_project(login.project, "Shop", actor=anna),
        lambda anna, login, release: services.set_project_status(login.project, "paused", actor=anna),
        lambda anna, login, release: services.delete_feature(fresh(login), actor=anna),
        lambda anna, login, release: services.delete_release(fresh(release), actor=anna),
        lambda anna, login, release: services.delete_project(fresh(login.project), actor=anna),
        lambda anna, login, release: services.create_feature(login.project, "x", actor=anna),
        lambda anna, login, release: services.create_release(login.project, "x", actor=anna),
        lambda anna, login, release: services.create_project("x", actor=anna),
    ],
)
def test_every_change_can_be_undone_and_brought_back(anna, login, change):
    release = ReleaseFactory(project=login.project, version="1.0", target_date=dt.date(2026, 1, 1))
    FeatureFactory(project=login.project, release=release, assigned_teams=["a", "b"])

    def everything():
        return [
            {name: value for name, value in row.items() if name not in {"updated_at", "revision"}}
            for model in (Project, Release, Feature)
            for row in model.objects.order_by("pk").values()
        ]

    before = everything()
    with update_from(anna):
        change(anna, login, release)
    after = everything()
    assert before != after

    undone = undo_last(anna)
    assert everything() == before
    again = bring_back(undone, anna)
    assert everything() == after
    bring_back(again, anna)
    assert everything() == before


# ── Several changes ───────────────────────────────────────────────────────────────────────────────────────


def test_undoing_three_times_walks_back_three_changes(anna, shop, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(anna):
        logout = services.create_feature(shop, "Logout", actor=anna)
    with update_from(anna):
        services.move_feature(login, "done", actor=anna)

    undo_last(anna)
    assert fresh(login).status == "in_progress"
    undo_last(anna)
    assert not Feature.objects.filter(pk=logout.pk).exists()
    undo_last(anna)
    assert fresh(login).status == "planned"
    assert last_change(anna) is None


def test_what_was_brought_back_is_the_last_change_again(anna, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(anna):
        services.assign_po(login, "Boris", actor=anna)
    first = last_change(anna)

    undone = undo_last(anna)
    assert last_change(anna).event_id != first.event_id
    bring_back(undone, anna)
    assert last_change(anna).event_id == first.event_id
    undo_last(anna)
    undo_last(anna)

    assert (fresh(login).status, fresh(login).assigned_po) == ("planned", "")
    assert last_change(anna) is None


def test_everything_one_message_changed_goes_back_at_once(anna, shop, login):
    with update_from(anna):
        release = services.create_release(shop, "1.2", actor=anna)
        services.put_into_release(login, release, actor=anna)
        services.move_feature(login, "in_progress", actor=anna)
        services.move_feature(login, "done", actor=anna)
    assert last_change(anna).preview == [
        "Release 1.2: deleted",
        "Feature “Login”: status: done → planned; release: 1.2 → —",
    ]

    undone = undo_last(anna)
    assert (fresh(login).status, fresh(login).release, Release.objects.count()) == ("planned", None, 0)

    bring_back(undone, anna)
    assert (fresh(login).status, fresh(login).release) == ("done", release)


def test_without_a_correlation_a_transaction_is_one_change(anna, login):
    with acting(user_id=str(anna.pk)):
        services.edit_feature(login, actor=anna, assigned_po="Boris", status="in_progress")

    undo_last(anna)

    assert (fresh(login).status, fresh(login).assigned_po) == ("planned", "")


def test_what_came_to_nothing_is_passed_over(anna, shop, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(anna):
        services.assign_po(login, "Boris", actor=anna)
        services.assign_po(login, "", actor=anna)
        services.delete_feature(services.create_feature(shop, "x", actor=anna), actor=anna)
    nothing = EventLog.objects.latest("pk")

    assert last_change(anna).preview == ["Feature “Login”: status: in progress → planned"]
    assert "nothing" in refusal_of(nothing.pk, anna)


def test_the_active_project_is_no_change(anna, shop, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(anna):
        services.activate(anna, shop)

    undo_last(anna)

    assert fresh(login).status == "planned"
    assert services.active_project(anna) == shop


# ── Whose change ──────────────────────────────────────────────────────────────────────────────────────────


def test_only_ones_own_changes_are_undone(anna, boris, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(boris):
        services.assign_po(login, "Boris", actor=boris)
    theirs = last_change(boris)

    assert "yours" in refusal_of(theirs.event_id, anna)
    with pytest.raises(CannotUndo):
        plan_of(theirs.event_id, anna)
    undo_last(anna)

    assert (fresh(login).status, fresh(login).assigned_po) == ("planned", "Boris")


def test_an_unknown_change_is_refused(anna):
    assert "yours" in refusal_of(987_654, anna)


def test_what_the_linked_account_changed_in_the_browser_is_undone_in_chat(anna, login):
    account = UserFactory()
    with request_from(account):
        services.move_feature(login, "in_progress", actor=None)
    assert last_change(anna) is None
    anna.staff = account
    anna.save(update_fields=["staff"])
    with update_from(anna):
        services.assign_po(login, "Boris", actor=anna)

    undo_last(anna)
    undo_last(anna)

    assert (fresh(login).status, fresh(login).assigned_po) == ("planned", "")


# ── What stands in the way ────────────────────────────────────────────────────────────────────────────────


def test_what_someone_changed_later_is_not_overwritten(anna, boris, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(boris):
        services.move_feature(login, "done", actor=boris)

    plan = last_change(anna)

    assert plan.refusal == "Feature “Login” was changed later: status: in progress → done (Boris)."
    assert refusal_of(plan.event_id, anna) == plan.refusal
    assert fresh(login).status == "done"


def test_nothing_of_a_change_goes_back_if_a_part_of_it_cannot(anna, boris, shop, login):
    logout = FeatureFactory(project=shop)
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
        services.move_feature(logout, "planned", actor=anna)
    with update_from(boris):
        services.move_feature(logout, "done", actor=boris)

    refusal_of(last_change(anna).event_id, anna)

    assert (fresh(login).status, fresh(logout).status) == ("in_progress", "done")


def test_who_went_there_and_back_leaves_nothing_in_the_way(anna, boris, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    with update_from(boris):
        services.move_feature(login, "done", actor=boris)
        services.move_feature(login, "in_progress", actor=boris)

    undo_last(anna)

    assert fresh(login).status == "planned"


def test_a_change_is_undone_once(anna, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    plan = last_change(anna)
    undone = undo_last(anna)

    assert "already" in refusal_of(plan.event_id, anna)
    bring_back(undone, anna)
    assert "already" in refusal_of(undone.event_id, anna)
    undo_last(anna)

    assert fresh(login).status == "planned"


def test_an_older_change_goes_back_if_nothing_depends_on_it(anna, shop, login):
    logout = FeatureFactory(project=shop)
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    older = last_change(anna)
    with update_from(anna):
        services.move_feature(logout, "planned", actor=anna)

    with update_from(anna):
        undo(older.event_id, actor=anna)

    assert (fresh(login).status, fresh(logout).status) == ("planned", "planned")
    assert plan_of(older.event_id, anna).refusal != ""


def test_a_feature_that_others_work_on_is_not_deleted(anna, boris, shop):
    with update_from(anna):
        feature = services.create_feature(shop, "Login", actor=anna)
    with update_from(boris):
        services.assign_team(feature, "web", actor=boris)

    assert refusal_of(last_change(anna).event_id, anna) == (
        "Feature “Login” was changed later: teams: — → web (Boris)."
    )
    assert fresh(feature)


def test_a_release_in_use_is_not_deleted(anna, boris, shop, login):
    with update_from(anna):
        release = services.create_release(shop, "1.2", actor=anna)
    with update_from(boris):
        services.put_into_release(login, release, actor=boris)

    assert last_change(anna).refusal == "Release 1.2 is in use."
    assert refusal_of(last_change(anna).event_id, anna) == "Release 1.2 is in use."

    assert fresh(login).release == release


@pytest.mark.parametrize("factory", [FeatureFactory, ReleaseFactory])
def test_a_project_with_something_in_it_is_not_deleted(anna, factory):
    with update_from(anna):
        project = services.create_project("Bank", actor=anna)
    factory(project=project)

    assert refusal_of(last_change(anna).event_id, anna) == "Project “Bank” is in use."
    assert fresh(project)


def test_a_new_project_goes_with_all_that_the_same_message_put_into_it(anna):
    with update_from(anna):
        project = services.create_project("Bank", actor=anna)
        services.activate(anna, project)
        feature = services.create_feature(project, "Login", actor=anna)
        release = services.create_release(project, "1", actor=anna)
        services.put_into_release(feature, release, actor=anna)

    undone = undo_last(anna)
    assert not Project.objects.exists()
    assert services.active_project(anna) is None

    bring_back(undone, anna)
    assert (fresh(feature).release, fresh(feature).project) == (release, project)


def test_what_does_not_exist_any_more_is_not_changed_back(anna, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    Feature.objects.all().delete()

    assert refusal_of(last_change(anna).event_id, anna) == "Feature “Login” does not exist any more."


def test_a_release_that_does_not_exist_any_more_takes_nothing_back(anna, login):
    release = ReleaseFactory(project=login.project, version="1.2")
    Feature.objects.update(release=release)
    with update_from(anna):
        services.put_into_release(login, None, actor=anna)
    Release.objects.all().delete()

    assert last_change(anna).refusal == "Release 1.2 does not exist any more."
    refusal_of(last_change(anna).event_id, anna)
    assert fresh(login).release is None


def test_a_reason_that_is_needed_by_now_is_not_taken_back(anna, boris, login):
    with update_from(anna):
        services.edit_feature(login, actor=anna, status_reason="no design")
    with update_from(boris):
        services.move_feature(login, "blocked", actor=boris, reason="no design")

    plan = last_change(anna)

    assert plan.refusal == "Feature “Login” was changed later: status: planned → blocked (Boris)."
    assert refusal_of(plan.event_id, anna) == plan.refusal
    assert fresh(login).status_reason == "no design"


@pytest.mark.parametrize(
    "change",
    [
        lambda login, anna: services.put_into_release(login, None, actor=anna),
        lambda login, anna: services.delete_feature(login, actor=anna),
    ],
)
@pytest.mark.parametrize("status", ["released", "cancelled"])
def test_nothing_comes_back_into_a_release_that_was_closed_since(anna, boris, login, change, status):
    release = ReleaseFactory(project=login.project, version="1.2")
    Feature.objects.update(release=release)
    with update_from(anna):
        change(login, anna)
    with update_from(boris):
        services.move_release(release, status, actor=boris)

    plan = last_change(anna)

    assert plan.refusal == "Release 1.2 is closed by now."
    assert refusal_of(plan.event_id, anna) == plan.refusal
    assert not release.features.exists()


def test_what_was_in_a_closed_release_already_comes_back(anna, boris, login):
    release = ReleaseFactory(project=login.project, status="released")
    Feature.objects.update(release=release)
    with update_from(anna):
        services.put_into_release(login, None, actor=anna)
    with update_from(boris):
        services.move_release(release, "in_progress", actor=boris)
        services.move_release(release, "released", actor=boris)

    undo_last(anna)

    assert fresh(login).release == release


def test_a_feature_does_not_come_back_without_its_project(anna, login):
    with update_from(anna):
        services.delete_feature(login, actor=anna)
    Project.objects.all().delete()

    assert refusal_of(last_change(anna).event_id, anna) == "Project “Shop” does not exist any more."
    assert not Feature.objects.exists()


def test_nothing_in_an_archived_project_goes_back(anna, boris, shop, login):
    with update_from(anna):
        services.delete_feature(fresh(login), actor=anna)
    with update_from(anna):
        services.rename_project(shop, "Store", actor=anna)
    with update_from(boris):
        services.archive_project(shop, "store", actor=boris)

    renamed, deleted = last_change(anna), EventLog.objects.get(action="projects.feature.deleted")
    assert refusal_of(renamed.event_id, anna) == "Project “Store” is archived."
    assert refusal_of(deleted.pk, anna) == "Project “Store” is archived."
    with update_from(boris):
        undo(last_change(boris).event_id, actor=boris)
    undo_last(anna)
    undo_last(anna)

    assert (fresh(shop).name, fresh(login).name) == ("Shop", "Login")


def test_a_name_that_was_given_again_is_not_taken_back(anna, boris, shop, login):
    with update_from(anna):
        services.rename_feature(login, "Sign-in", actor=anna)
    with update_from(boris):
        services.create_feature(shop, "LOGIN", actor=boris)

    assert "name" in refusal_of(last_change(anna).event_id, anna)
    assert fresh(login).name == "Sign-in"


def test_what_exists_again_is_not_brought_back_twice(anna, login):
    with update_from(anna):
        services.delete_feature(fresh(login), actor=anna)
    FeatureFactory(pk=login.pk, project=login.project, name="Other")

    assert refusal_of(last_change(anna).event_id, anna) == "Feature “Other” exists again."


def test_a_row_that_came_back_is_no_revision_that_anyone_saw(anna, login):
    with update_from(anna):
        services.move_feature(login, "in_progress", actor=anna)
    seen = fresh(login).revision
    with update_from(anna):
        services.delete_feature(fresh(login), actor=anna)

    undo_last(anna)

    assert fresh(login).revision > seen
    assert fresh(login).created_at == login.created_at


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_costs_few_queries(anna, boris, login, django_assert_max_num_queries):
    for status in ("in_progress", "done", "in_progress"):
        with update_from(anna):
            services.move_feature(login, status, actor=anna)
    undo_last(anna)
    with django_assert_max_num_queries(4):
        assert last_change(anna).refusal == ""

    with update_from(boris):
        services.move_feature(login, "in_progress", actor=boris)
    with django_assert_max_num_queries(7):
        assert last_change(anna).refusal != ""


def test_a_wide_change_costs_no_more_to_plan_than_a_small_one(anna, shop, django_assert_max_num_queries):
    features = FeatureFactory.create_batch(30, project=shop)
    with update_from(anna):
        for feature in features:
            services.move_feature(feature, "planned", actor=anna)

    with django_assert_max_num_queries(4):
        assert len(last_change(anna).preview) == 30
    undo_last(anna)

    assert Feature.objects.filter(status="backlog").count() == 30


def test_a_large_deletion_costs_no_more_statements_to_undo_than_a_small_one(anna):
    counts = []
    for size in (20, 60):
        project = ProjectFactory()
        release = ReleaseFactory(project=project)
        FeatureFactory.create_batch(size, project=project, release=release)
        with update_from(anna):
            services.delete_project(project, actor=anna)
        with CaptureQueriesContext(connection) as planning:
            assert len(last_change(anna).preview) == size + 2
        with CaptureQueriesContext(connection) as undoing:
            undo_last(anna)
        assert Feature.objects.filter(release=release).count() == size
        alternatives = sum(query["sql"].count(" OR ") for query in undoing)
        counts.append((len(planning), len(undoing), alternatives))

    assert counts[0] == counts[1]


def test_the_plan_of_a_large_deletion_does_not_compare_everything_with_everything(anna, monkeypatch):
    looks = 0
    columns = NetChange.columns.fget

    def counting(change):
        nonlocal looks
        looks += 1
        return columns(change)

    monkeypatch.setattr(NetChange, "columns", property(counting))
    project = ProjectFactory()
    FeatureFactory.create_batch(60, project=project)
    with update_from(anna):
        services.delete_project(project, actor=anna)

    assert last_change(anna).refusal == ""

    assert looks <= 61
