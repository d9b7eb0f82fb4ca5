"""What changed, and the history of one thing, in chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import EventLog
from projects import services
from projects.models import ChangesSeen, Feature
from projects.tests.chatting import admin_chat
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.models import TelegramUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(name="Aurora")


@pytest.fixture
def client(project):
    return admin_chat(project)


def look_before(client, project, moment):
    services.mark_changes_seen(TelegramUser.objects.get(telegram_id=client.telegram_id), project, moment)


@pytest.mark.parametrize("text", ["/changes", "What changed?", "Что изменилось?"])
def test_changes_since_the_last_look_are_grouped_by_thing(client, project, text):
    olga = admin_chat(project, first_name="Olga <b>")
    client.send("add feature Login")
    client.send("/changes")
    client.send("feature Login is planned")
    olga.send("block feature Login: no <design>")
    olga.send("release 1.2 on 2030-03-15")

    screen = client.send(text)

    assert "Changes in “Aurora” since " in screen.text
    assert "2 things changed" in screen.text
    assert "Release 1.2\n• added\nOlga <b>, " in screen.text
    assert "Feature “Login”\n• status: backlog → blocked (no <design>)\nOlga <b>, Ann, " in screen.text
    assert screen.text.index("Release 1.2") < screen.text.index("Feature “Login”")
    assert "Nothing has changed." in client.send(text).text  # seen now


def test_looking_is_remembered_person_by_person(client, project):
    olga = admin_chat(project)
    client.send("add feature Login")
    client.send("/changes")
    assert "Feature “Login”" in olga.send("/changes").text
    assert "Nothing has changed." in olga.send("/changes").text


def test_looking_at_one_project_leaves_the_others_unseen(client, project):
    other = ProjectFactory(name="Borealis")
    look_before(client, other, timezone.now() - timedelta(days=3))
    admin_chat(other).send("add feature Login")
    client.send("/changes")

    client.send("/project Borealis")

    assert "Feature “Login”" in client.send("/changes").text
    assert "Nothing has changed." in client.send("/changes").text


def test_the_first_look_goes_back_a_week(client, project):
    client.send("add feature Login")
    since = timezone.localtime() - timedelta(days=7)
    assert f"since {since.day} " in client.send("/changes").text


@pytest.mark.parametrize(
    "text",
    ["/changes yesterday", "what changed since yesterday?", "что изменилось со вчера?", "изменения за 2 дня"],
)
def test_changes_since_a_moment_that_is_named(client, project, text):
    client.send("add feature Login")
    client.send("/changes")
    assert "Feature “Login”\n• added" in client.send(text).text


def test_a_shorter_look_leaves_unseen_what_came_before(client, project):
    feature = FeatureFactory(project=project, name="Login")
    look_before(client, project, timezone.now() - timedelta(days=5))
    EventLog.objects.create(
        action="projects.feature.changed",
        entity_type="projects.feature",
        entity_id=str(feature.pk),
        details={"before": {"status": "planned"}, "after": {"status": "blocked"}},
        timestamp=timezone.now() - timedelta(days=3),
    )

    assert "planned → blocked" not in client.send("what changed in the past hour?").text
    client.press("24 hours")

    assert "planned → blocked" in client.send("/changes").text
    assert "Nothing has changed." in client.send("/changes").text


def test_leafing_leaves_unseen_what_is_new_meanwhile(client, project):
    for number in range(9):
        client.send(f"add feature F{number}")
    client.send("/changes")
    admin_chat(project).send("add feature Login")

    client.press("›")

    assert "Feature “Login”" in client.send("/changes").text


def test_a_moment_that_is_none_is_refused_and_nothing_counts_as_seen(client, project):
    client.send("add feature Login")
    assert (
        "I do not understand the date “since tomorrow”." in client.send("what changed since tomorrow?").text
    )
    assert not ChangesSeen.objects.exists()


def test_other_projects_are_left_out(client, project):
    other = admin_chat(ProjectFactory(name="Borealis"))
    other.send("add feature Elsewhere")
    assert "Elsewhere" not in client.send("/changes").text


def test_pages_show_the_same_moment_and_go_back_and_forth(client, project):
    for number in range(9):
        client.send(f"add feature F{number}")
    first = client.send("/changes")
    assert "10 things changed" in first.text
    assert "F8" in first.text
    assert first.buttons == ["›", "24 hours", "7 days", "30 days", "Undo my last change", "‹ Project"]

    second = client.press("›")
    assert second.edited
    assert "F0" in second.text
    assert "Project “Aurora”" in second.text
    assert second.buttons[0] == "‹"
    assert client.press("‹").text == first.text


def test_other_spans_by_button_and_from_the_projects_card(client, project):
    client.send("add feature Login")
    look_before(client, project, timezone.now() + timedelta(seconds=1))
    client.send("/project")
    assert "Nothing has changed." in client.press("Changes").text
    assert "Feature “Login”" in client.press("24 hours").text
    assert "Aurora\n▶️ active" in client.press("‹ Project").text


def test_changes_of_a_project_that_is_not_the_active_one(client, project):
    client.send("add feature Login")
    client.send("/project")
    client.send("/newproject Borealis")
    client.send("status of project Aurora")

    text = client.press("Changes").text

    assert text.startswith("Context: Project Borealis\n\nChanges in “Aurora”")


# ── The history of one thing ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "/history Login",
        "history of feature login",
        "история изменений фичи Login",
        "что изменилось в фиче Login?",
    ],
)
def test_the_history_of_a_feature_event_by_event(client, project, text):
    client.send("add feature Login")
    client.send("feature Login is done")
    client.send("undo")
    client.press("Yes, undo it")

    screen = client.send(text)

    assert "History of “Login”" in screen.text
    told = [line for line in screen.text.splitlines() if line.startswith("•")]
    assert told == ["• status: done → backlog", "• status: backlog → done", "• added"]
    assert screen.text.count(", Ann") == 3
    assert screen.text.count(" · undo\n") == 1
    assert "\nLogin\n" in client.press("‹ Back").text


@pytest.mark.parametrize(
    "text", ["/history 1.2", "/history release 1.2", "history of version 1.2", "история релиза 1.2"]
)
def test_the_history_of_a_release(client, project, text):
    client.send("release 1.2 on 2030-03-15")
    client.send("ship release 1.2")

    screen = client.send(text)

    assert "• status: planned → released" in screen.text
    assert "\n1.2\n" in client.press("‹ Back").text


def test_a_release_with_a_name_has_a_history_too(client, project):
    ReleaseFactory(project=project, version="Autumn")
    assert "History of “Autumn”" in client.send("/history release autumn").text
    assert "There is no feature “autumn”" in client.send("/history autumn").text


@pytest.mark.parametrize("text", ["/history", "История изменений", "change history"])
def test_the_history_of_everything_in_the_project(client, project, text):
    client.send("add feature Login")
    client.send("/changes")
    screen = client.send(text)
    assert "Project “Aurora”\n• added" in screen.text
    assert "Feature “Login”" in screen.text


def test_a_long_history_has_pages(client, project):
    FeatureFactory(project=project, name="Login")
    for number in range(10):
        client.send(f"assign Ann{number} to feature Login")
    client.send("/feature login")

    first = client.press("History")
    assert first.text.count("•") == 8
    second = client.press("›")
    assert second.text.count("•") == 3
    assert client.press("‹").text == first.text


def test_what_is_gone_has_no_screen(client, project):
    FeatureFactory(project=project, name="Login")
    client.send("/feature login")
    Feature.objects.all().delete()
    assert "does not exist any more" in client.press("History").alert


def test_a_person_whose_name_is_markup_is_shown_as_written(project):
    client = admin_chat(project, first_name="<u>Ann")
    FeatureFactory(project=project, name="Login")
    client.send("assign <i> to feature Login")
    assert "&lt;u&gt;Ann" in client.send("/history Login").html[0]
