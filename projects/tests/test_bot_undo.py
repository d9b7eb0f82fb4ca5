"""Taking back the last change in chat."""

from __future__ import annotations

import pytest

from projects import services
from projects.models import Feature, Project
from projects.tests.chatting import admin_chat, chat_of, feature_of, fresh
from projects.tests.factories import FeatureFactory, ProjectFactory
from projects.tests.updates import update_from
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.chat import Button
from telegrambot.engine.models import Message
from telegrambot.engine.routing import registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(name="Aurora")


@pytest.fixture
def client(project):
    FeatureFactory(project=project, name="Login", status="planned")
    return admin_chat(project)


@pytest.mark.parametrize("text", ["/undo", "undo last", "Отмени последнее"])
def test_undo_shows_what_it_will_do_and_asks(client, project, text):
    client.send("block feature Login: no <design>")

    screen = client.send(text)

    assert screen.text.startswith("Context: Project Aurora\n\nYour last change, ")
    assert "• Feature “Login”: status: planned → blocked (no <design>)" in screen.text
    assert "Undoing it would do this\n• Feature “Login”: status: blocked → planned" in screen.text
    assert screen.buttons == ["Yes, undo it", "No"]
    assert feature_of(project, "Login").status == "blocked"

    screen = client.press("Yes, undo it")
    assert screen.edited
    assert screen.text.startswith(
        "Context: Project Aurora\n\nUndone\n• Feature “Login”: status: blocked → planned"
    )
    assert screen.buttons == ["Bring it back", "Undo one more"]
    assert feature_of(project, "Login").status == "planned"


def test_declining_undoes_nothing(client, project):
    client.send("feature Login is done")
    client.send("/undo")
    assert "Nothing was undone." in client.press("No").text
    assert feature_of(project, "Login").status == "done"


def test_nothing_to_undo_is_said(client):
    screen = client.send("/undo")
    assert screen.text.endswith("There is no change of yours to undo.")
    assert screen.buttons == []


def test_only_ones_own_changes_are_undone(client, project):
    olga = chat_of(TelegramUserFactory(role=Role.OWNER), project)
    olga.send("feature Login is done")
    assert "no change of yours" in client.send("/undo").text


def test_what_was_undone_is_brought_back(client, project):
    client.send("add feature Search")
    search = feature_of(project, "Search")
    client.send("/undo")
    client.press("Yes, undo it")
    assert not Feature.objects.filter(name="Search").exists()

    screen = client.press("Bring it back")

    assert "Brought back\n• Feature “Search”: added" in screen.text
    assert fresh(search).name == "Search"
    client.press("Undo my last change")
    client.press("Yes, undo it")
    assert not Feature.objects.filter(name="Search").exists()


def test_one_press_undoes_once(client, project):
    client.send("feature Login is done")
    client.send("/undo")
    shown = Message.objects.filter(direction="outbound").latest("pk")
    data = shown.payload["buttons"][0][0]["data"]
    client.press_data(data, shown.external_message_id)

    screen = client.press_data(data, shown.external_message_id)

    assert "This cannot be undone: It has been undone already." in screen.alert
    assert feature_of(project, "Login").status == "planned"


def test_the_change_that_was_shown_is_undone_and_no_other(client, project):
    client.send("feature Login is done")
    client.send("/undo")
    client.send("add feature Search")

    client.press("Yes, undo it")

    assert feature_of(project, "Login").status == "planned"
    assert feature_of(project, "Search")


def test_an_undo_is_refused_with_the_reason_when_somebody_went_on(client, project):
    olga = admin_chat(project, first_name="Olga")
    client.send("feature Login is in progress")
    client.send("/undo")
    olga.send("feature Login is done")

    assert "was changed later: status: in progress → done (Olga)" in client.press("Yes, undo it").alert
    screen = client.send("/undo")
    assert "It cannot be undone\nFeature “Login” was changed later" in screen.text
    assert screen.buttons == []
    assert feature_of(project, "Login").status == "done"


def test_undoing_a_new_project_leaves_none_active(client, project):
    client.send("/newproject Borealis")
    client.send("/undo")

    screen = client.press("Yes, undo it")

    assert screen.text.startswith("No project is active.\n\nUndone\n• Project “Borealis”: deleted")
    assert "Aurora · 0/1" in screen.buttons
    assert not Project.objects.filter(name="Borealis").exists()


def test_archiving_is_undone_too(client, project):
    client.send("/archive")
    client.send("Aurora")
    client.send("/undo")

    screen = client.press("Yes, undo it")

    assert screen.text.startswith("Context: Project Aurora\n\n")
    assert fresh(project).status == "active"


@pytest.mark.parametrize(("name", "shown"), [("F{}", 10), ("{:<200}", 3)])
def test_however_much_goes_back_the_person_reads_one_message(client, name, shown):
    """By the number of things as by the length of their names."""
    crowd = ProjectFactory(name="🚀" * 200)
    Feature.objects.bulk_create(
        Feature(project=crowd, name=name.format(number).replace(" ", "🚀")) for number in range(300)
    )
    person = TelegramUser.objects.get(telegram_id=client.telegram_id)
    with update_from(person):
        services.delete_project(crowd, actor=person)

    asked = client.send("/undo")
    done = client.press("Yes, undo it")
    back = client.press("Bring it back")

    assert asked.buttons == ["Yes, undo it", "No"]
    assert [len(screen.texts) for screen in (asked, done, back)] == [1, 1, 1]
    assert [screen.text.count("•") for screen in (asked, done, back)] == [2 * shown, shown, shown]
    more = f"\n… {301 - shown} more"
    assert [screen.text.count(more) for screen in (asked, done, back)] == [2, 1, 1]


def test_what_fits_is_told_in_full(client, project):
    FeatureFactory.create_batch(9, project=project)
    person = TelegramUser.objects.get(telegram_id=client.telegram_id)
    with update_from(person):
        for feature in project.features.all():
            services.delete_feature(feature, actor=person)

    screen = client.send("/undo")

    assert screen.text.count("•") == 20
    assert "… " not in screen.text


def test_adding_to_a_release_is_one_change(client, project):
    client.send("create release 1.2")
    client.send("add feature Search to release 1.2")
    client.send("/undo")
    client.press("Yes, undo it")
    assert not Feature.objects.filter(name="Search").exists()
    assert project.releases.exists()


@pytest.mark.parametrize("name", ["do_undo", "bring_back"])
def test_a_change_of_somebody_else_cannot_be_forged_into_ones_own(client, project, name):
    olga = admin_chat(project)
    olga.send("feature Login is done")
    olga.send("/undo")
    theirs = Message.objects.filter(direction="outbound").latest("pk").payload["buttons"][0][0]["data"]
    view = registry.buttons[f"projects.{name}"].view
    forged = Button("x", view, theirs.rpartition(":")[2]).data
    client.send("/help")
    mine = Message.objects.filter(direction="outbound").latest("pk").external_message_id

    assert "no longer valid" in client.press_data(forged, mine).toast
    assert feature_of(project, "Login").status == "done"
