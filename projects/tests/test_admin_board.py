"""The board, and moving many features at once."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from audit.models import EventLog
from projects import services
from projects.admin.moving import MOST_AT_ONCE
from projects.models import Feature
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:projects_feature_changelist")


@pytest.fixture
def shop(db):
    return ProjectFactory(name="Shop")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def board(project):
    return reverse("admin:projects_project_board", args=[project.pk])


def lanes(response):
    """The names on the cards of each lane."""
    columns = response.context["columns"]
    return {lane.status: [card.feature.name for card in lane.cards] for column in columns for lane in column}


def move(client, feature, status, reason="", revision=None, **extra):
    """Send what a card's form sends."""
    seen = feature.revision if revision is None else revision
    data = {"feature": feature.pk, "seen_revision": seen, "status": status, "reason": reason}
    return client.post(board(feature.project), data, **extra)


def told(response):
    return [str(message) for message in response.context["messages"]]


# ── The board ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_board_has_a_lane_for_each_state_the_last_two_in_one_column(sign_in, shop):
    for status in ("backlog", "planned", "in_progress", "blocked", "done", "dropped"):
        FeatureFactory(project=shop, status=status, name=f"is {status}", status_reason="so")
    FeatureFactory(name="foreign")

    response = sign_in().get(board(shop))

    assert lanes(response) == {status: [f"is {status}"] for status in lanes(response)}
    assert [[lane.status for lane in column] for column in response.context["columns"]] == [
        ["backlog"],
        ["planned"],
        ["in_progress"],
        ["blocked"],
        ["done", "dropped"],
    ]


def test_a_lane_shows_those_changed_last_and_leads_to_the_others(sign_in, shop):
    FeatureFactory.create_batch(40, project=shop)
    newest = FeatureFactory(project=shop, name="The newest")
    FeatureFactory.create_batch(9, project=shop, status="done")

    response = sign_in().get(board(shop))

    shown = lanes(response)
    assert (len(shown["backlog"]), len(shown["done"])) == (15, 5)
    assert shown["backlog"][0] == newest.name
    page = response.content.decode()
    assert "26 more" in page
    assert f"{LIST}?project={shop.pk}&amp;status=backlog" in page


def test_the_board_of_one_release(sign_in, shop):
    release = ReleaseFactory(project=shop)
    FeatureFactory(project=shop, release=release, name="inside")
    FeatureFactory(project=shop, name="outside")
    client = sign_in()

    def names(release):
        return lanes(client.get(board(shop), {"release": release}))["backlog"]

    assert names(release.pk) == ["inside"]
    assert set(names("nonsense")) == set(names(ReleaseFactory().pk)) == {"inside", "outside"}


def test_a_card_offers_only_the_moves_that_are_allowed(sign_in, shop):
    FeatureFactory(project=shop, status="done")

    page = sign_in().get(board(shop)).content.decode()

    assert '<option value="in_progress">in progress</option>' in page
    assert '<option value="backlog"' not in page


def test_a_card_is_moved_by_whoever_is_signed_in(sign_in, shop):
    client, feature = sign_in(), FeatureFactory(project=shop, name="Login")

    answer = move(client, feature, "in_progress", follow=True)

    assert answer.redirect_chain == [(f"{board(shop)}#feature-{feature.pk}", 302)]
    assert told(answer) == ["“Login” is now: in progress."]
    assert fresh(feature).status == "in_progress"
    event = EventLog.objects.get(action="projects.feature.changed")
    assert (event.user_id, event.origin) == (str(client.person.pk), "admin")


def test_a_move_without_the_reason_it_needs_asks_for_it_on_the_card(sign_in, shop):
    client, feature = sign_in(), FeatureFactory(project=shop, status="planned")

    answer = move(client, feature, "blocked")

    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<details open>" in page
    assert '<option value="blocked" data-needs-reason selected>' in page
    assert "Please say why" in page
    assert fresh(feature).status == "planned"

    assert move(client, feature, "blocked", "Waits for the bank.").status_code == 302
    assert fresh(feature).status_reason == "Waits for the bank."


def test_a_card_moved_by_somebody_else_meanwhile_keeps_what_was_typed(sign_in, shop):
    client, feature = sign_in(), FeatureFactory(project=shop, status="planned", name="Login")
    services.edit_feature(fresh(feature), actor=None, assigned_po="Bo")

    answer = move(client, feature, "dropped", "Nobody asked.", revision=1)

    assert "“Login” was changed meanwhile" in told(answer)[0]
    page = answer.content.decode()
    assert 'name="reason" value="Nobody asked."' in page
    assert 'name="seen_revision" value="2"' in page
    assert fresh(feature).status == "planned"


def test_a_forged_move_changes_nothing(sign_in, shop):
    client, feature = sign_in(), FeatureFactory(project=shop, status="done")

    assert "is now: done" in told(move(client, feature, "backlog"))[0]
    assert "could not be read" in told(move(client, feature, "nonsense", follow=True))[0]
    assert "could not be read" in told(client.post(board(shop), {"feature": "x"}, follow=True))[0]
    foreign = {"feature": feature.pk, "seen_revision": 1, "status": "in_progress"}
    assert client.post(board(ProjectFactory()), foreign).status_code == 404
    assert client.get(reverse("admin:projects_project_board", args=[0])).status_code == 404
    assert fresh(feature).status == "done"


def test_nothing_moves_on_the_board_of_an_archived_project(sign_in):
    old = ProjectFactory(status="archived", name="Old")
    client, feature = sign_in(), FeatureFactory(project=old)

    assert 'class="pj-move"' not in client.get(board(old)).content.decode()
    assert "“Old” is archived" in told(move(client, feature, "planned"))[0]
    assert fresh(feature).status == "backlog"


def test_an_empty_board_says_what_to_do_first(sign_in, shop):
    assert "Ideas begin here: add a feature." in sign_in().get(board(shop)).content.decode()


# ── Many at once ──────────────────────────────────────────────────────────────────────────────────────────


def press(client, features, query="", **values):
    """Choose features in the list and press the action, or answer the page that it shows."""
    data = {"action": "move", ACTION_CHECKBOX_NAME: [one.pk for one in features], "index": 0}
    return client.post(LIST + query, data | values, follow=True)


def test_moving_many_asks_where_to_first(sign_in, shop):
    features = FeatureFactory.create_batch(2, project=shop)

    answer = press(sign_in(), features)

    page = answer.content.decode()
    assert all(feature.name in page for feature in features)
    assert "Chosen: 2" in page
    assert not Feature.objects.exclude(status="backlog").exists()


def test_many_are_moved_with_one_reason(sign_in, shop):
    features = FeatureFactory.create_batch(3, project=shop, status="planned")
    other, client = FeatureFactory(project=shop, status="planned"), sign_in()

    answer = press(client, features, confirmed="move", status="blocked", reason="Waits for the bank.")

    assert told(answer) == ["3 features are now: blocked."]
    assert {fresh(one).status_reason for one in features} == {"Waits for the bank."}
    assert fresh(other).status == "planned"
    events = EventLog.objects.filter(action="projects.feature.changed")
    assert {event.user_id for event in events} == {str(client.person.pk)}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"status": "dropped"}, "reason"), ({}, "status"), ({"status": "nonsense"}, "status")],
)
def test_what_is_missing_is_asked_for_again(sign_in, shop, values, field):
    feature = FeatureFactory(project=shop)

    answer = press(sign_in(), [feature], confirmed="move", **values)

    assert field in answer.context["form"].errors
    assert fresh(feature).status == "backlog"


def test_those_that_may_not_move_stay_and_say_why(sign_in, shop):
    ready = FeatureFactory(project=shop, name="Ready")
    done = FeatureFactory.create_batch(7, project=shop, status="done")
    archived = FeatureFactory(project=ProjectFactory(status="archived", name="Old"))

    answer = press(sign_in(), [ready, *done, archived], confirmed="move", status="planned")

    sentences = told(answer)
    assert sentences[0] == "1 feature is now: planned."
    assert sum("is now: done" in one or "is archived" in one for one in sentences[1:-1]) == 5
    assert sentences[-1] == "3 more stayed where they are."
    assert fresh(ready).status == "planned"
    assert {fresh(one).status for one in done} == {"done"}


def test_those_that_are_there_already_are_left_alone(sign_in, shop):
    feature = FeatureFactory(project=shop, status="planned")

    answer = press(sign_in(), [feature], confirmed="move", status="planned")

    assert told(answer) == ["They were there already. Nothing was moved."]
    assert fresh(feature).revision == 1


def test_too_many_at_once_are_refused(sign_in, shop):
    features = FeatureFactory.create_batch(MOST_AT_ONCE + 1, project=shop)

    answer = press(sign_in(), features[:1], select_across=1, confirmed="move", status="done")

    assert "at most 200 features at once" in told(answer)[0]
    assert not Feature.objects.filter(status="done").exists()
