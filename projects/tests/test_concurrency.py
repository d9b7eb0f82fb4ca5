"""Several people at once: nothing is overwritten unseen, nothing exists twice, nothing goes unrecorded."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection
from django.db.models import Sum

from audit.models import EventLog
from config.errors import DomainError
from projects import services
from projects.exceptions import (
    CannotUndo,
    EditConflict,
    FeatureNameTaken,
    ProjectNameTaken,
    ReleaseGone,
    VersionTaken,
)
from projects.models import Feature, Project, Release
from projects.services import features
from projects.services.editing import lock
from projects.statuses import FeatureStatus
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.updates import update_from
from projects.undo import last_change, undo
from telegrambot.accounts.tests.factories import TelegramUserFactory
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def somebody_waits_for_me():
    """Whether another transaction waits for a lock of this one's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted "
            "AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def wait_until(condition):
    give_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at, "in vain"
        time.sleep(0.01)


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def test_of_two_editors_who_saw_the_same_the_second_is_told():
    feature = FeatureFactory(name="Login")

    def describe(text):
        return lambda: services.edit_feature(
            Feature.objects.get(), actor=None, expected_revision=1, description=text
        )

    results = at_once(describe("first"), describe("second"))

    assert kinds(results) == {"bool": 1, "EditConflict": 1}
    winner = ("first", "second")[results.index(True)]
    assert fresh(feature).description == winner
    conflict = next(result for result in results if isinstance(result, EditConflict))
    assert "new text" in str(conflict)
    assert EventLog.objects.filter(action="projects.feature.changed").count() == 1


def test_edits_of_different_columns_both_stay():
    feature = FeatureFactory()

    results = at_once(
        lambda: services.assign_po(fresh(feature), "Boris", actor=None),
        lambda: services.move_feature(fresh(feature), "planned", actor=None),
        lambda: services.edit_feature(fresh(feature), actor=None, description="text"),
    )

    assert results == [True, True, True]
    kept = fresh(feature)
    assert (kept.assigned_po, kept.status, kept.description) == ("Boris", "planned", "text")


def test_no_team_gets_lost():
    feature = FeatureFactory()
    teams = [f"team {number}" for number in range(8)]

    at_once(*[lambda team=team: services.assign_team(fresh(feature), team, actor=None) for team in teams])

    assert sorted(fresh(feature).assigned_teams) == teams
    assert fresh(feature).revision == 9


@pytest.mark.parametrize("name", ["Login", "Вход"])
def test_a_name_is_given_once(name):
    project = ProjectFactory()
    spellings = [name, name.upper(), name.lower(), f" {name} "]

    results = at_once(
        *[lambda text=text: services.create_feature(project, text, actor=None) for text in spellings],
        *[lambda text=text: services.create_release(project, text, actor=None) for text in spellings],
        *[lambda text=text: services.create_project(text, actor=None) for text in spellings],
    )

    assert kinds(results) == {
        "Feature": 1,
        "FeatureNameTaken": 3,
        "Release": 1,
        "VersionTaken": 3,
        "Project": 1,
        "ProjectNameTaken": 3,
    }
    assert (Feature.objects.count(), Release.objects.count(), Project.objects.count()) == (1, 1, 2)
    assert (
        EventLog.objects.filter(action__endswith=".created", entity_type__startswith="projects.").count() == 4
    )
    assert {FeatureNameTaken, VersionTaken, ProjectNameTaken} <= {type(result) for result in results}


def test_two_features_renamed_to_one_name_stay_two():
    project = ProjectFactory()
    features = FeatureFactory.create_batch(4, project=project)

    results = at_once(
        *[lambda row=row: services.rename_feature(fresh(row), "Login", actor=None) for row in features]
    )

    assert kinds(results) == {"bool": 1, "FeatureNameTaken": 3}
    assert Feature.objects.filter(name="Login").count() == 1


def test_nothing_is_put_into_a_release_that_goes_at_that_moment():
    release = ReleaseFactory()
    features = FeatureFactory.create_batch(4, project=release.project)

    results = at_once(
        lambda: services.delete_release(fresh(release), actor=None),
        *[lambda row=row: services.put_into_release(fresh(row), release, actor=None) for row in features[:3]],
        lambda: services.create_feature(release.project, "x", actor=None, release=Release(pk=release.pk)),
    )

    allowed = (bool, Feature, ReleaseGone, type(None))
    assert all(isinstance(result, allowed) for result in results), results
    assert not Feature.objects.filter(release__isnull=False).exists()


def test_a_project_is_deleted_while_a_feature_of_it_is_put_into_a_release(monkeypatch):
    feature = FeatureFactory()
    release = ReleaseFactory(project=feature.project)
    has_release = threading.Event()

    def lock_and_be_waited_for(row, *joined, gone):
        lock(row, *joined, gone=gone)
        if isinstance(row, Release):
            has_release.set()
            wait_until(somebody_waits_for_me)

    def delete():
        assert has_release.wait(timeout=20)
        services.delete_project(fresh(feature.project), actor=None)

    monkeypatch.setattr(features, "lock", lock_and_be_waited_for)

    results = at_once(
        lambda: services.put_into_release(fresh(feature), fresh(release), actor=None),
        delete,
    )

    assert results == [True, None]
    assert not Project.objects.exists()
    assert EventLog.objects.filter(action="projects.feature.changed").count() == 1


def test_a_change_is_undone_once():
    anna, feature = TelegramUserFactory(), FeatureFactory(status="planned")
    with update_from(anna):
        services.move_feature(feature, "done", actor=anna)
    plan = last_change(anna)

    def press():
        with update_from(anna):
            return undo(plan.event_id, actor=anna)

    results = at_once(*[press] * 4)

    assert kinds(results) == {"Undone": 1, "CannotUndo": 3}
    assert all("already" in str(result) for result in results if isinstance(result, CannotUndo))
    assert fresh(feature).status == "planned"
    assert EventLog.objects.filter(details__has_key="undoes").count() == 1


def test_what_was_deleted_comes_back_once():
    anna, feature = TelegramUserFactory(), FeatureFactory()
    with update_from(anna):
        services.delete_feature(fresh(feature), actor=anna)
    plan = last_change(anna)

    def press():
        with update_from(anna):
            return undo(plan.event_id, actor=anna)

    results = at_once(*[press] * 4)

    assert kinds(results) == {"Undone": 1, "CannotUndo": 3}
    assert Feature.objects.get() == feature


def test_an_undo_and_a_newer_change_never_both_win():
    anna, boris, feature = TelegramUserFactory(), TelegramUserFactory(), FeatureFactory(status="planned")
    with update_from(anna):
        services.move_feature(feature, "in_progress", actor=anna)
    plan, seen = last_change(anna), feature.revision

    def press():
        with update_from(anna):
            return undo(plan.event_id, actor=anna)

    def finish():
        with update_from(boris):
            return services.move_feature(fresh(feature), "done", actor=boris, expected_revision=seen)

    results = at_once(press, finish)

    assert sum(isinstance(result, DomainError) for result in results) == 1, results
    assert fresh(feature).status == ("done" if results[1] is True else "planned")


def test_two_hundred_changes_at_once_leave_exactly_as_many_events():
    project = ProjectFactory(name="Shop")
    features = FeatureFactory.create_batch(5, project=project)
    releases = ReleaseFactory.create_batch(3, project=project)
    people = TelegramUserFactory.create_batch(8)
    before = EventLog.objects.count()

    def operations(dice):
        feature, release = fresh(dice.choice(features)), fresh(dice.choice(releases))
        return [
            lambda: services.create_feature(project, f"Feature {dice.randrange(30)}", actor=None),
            lambda: services.create_release(project, f"{dice.randrange(20)}.9", actor=None),
            lambda: services.move_feature(
                feature, dice.choice(FeatureStatus.values), actor=None, reason="so"
            ),
            lambda: services.move_feature(
                feature, dice.choice(FeatureStatus.values), actor=None, expected_revision=feature.revision
            ),
            lambda: services.assign_team(feature, f"team {dice.randrange(9)}", actor=None),
            lambda: services.assign_po(feature, f"person {dice.randrange(3)}", actor=None),
            lambda: services.put_into_release(feature, dice.choice([release, None]), actor=None),
            lambda: services.set_target_date(release, dt.date(2026, 3, dice.randrange(1, 9)), actor=None),
            lambda: services.rename_project(project, dice.choice(["Shop", "SHOP"]), actor=None),
        ]

    def work(number):
        dice, done, refused = random.Random(number), Counter(), 0
        for _ in range(25):
            try:
                with update_from(people[number]):
                    changed = dice.choice(operations(dice))()
            except DomainError:
                refused += 1
            else:
                done["changed" if changed is True else "nothing" if changed is False else "created"] += 1
        return done, refused

    results = at_once(*[lambda number=number: work(number) for number in range(8)])

    assert [result for result in results if isinstance(result, Exception)] == []
    done = sum((counted for counted, _ in results), Counter())
    assert done.total() + sum(refused for _, refused in results) == 200
    events = EventLog.objects.order_by("pk")[before:]
    verbs = Counter(event.action.rpartition(".")[2] for event in events)
    assert verbs == {"created": done["created"], "changed": done["changed"]}
    assert {event.user_id for event in events} <= {str(person.pk) for person in people}
    revisions = sum(
        model.objects.aggregate(total=Sum("revision") - model.objects.count())["total"]
        for model in (Project, Release, Feature)
    )
    assert revisions == done["changed"], "every change counted"
