"""Features in chat."""

from __future__ import annotations

import pytest

from projects.models import Feature
from projects.tests.chatting import admin_chat, feature_of, fresh
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(name="Aurora")


@pytest.fixture
def login(project):
    return FeatureFactory(project=project, name="Login", status="planned")


@pytest.fixture
def client(project, login):
    return admin_chat(project)


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_puts_first_what_matters_now(client, project, login):
    for name, status in (
        ("A", "backlog"),
        ("B", "done"),
        ("C", "blocked"),
        ("D", "in_progress"),
        ("E", "dropped"),
    ):
        FeatureFactory(project=project, name=name, status=status, status_reason="because")
    FeatureFactory(name="Elsewhere")

    screen = client.send("/features")

    assert screen.buttons[:6] == ["⛔ C", "🔧 D", "🗓 Login", "📥 A", "✅ B", "🗑 E"]
    assert screen.buttons[6:] == [
        "✓ All 6", "⛔ 1", "🔧 1", "🗓 1", "📥 1", "✅ 1", "🗑 1", "New feature", "‹ Project",
    ]  # fmt: skip
    assert "⛔ blocked: 1\n🔧 in progress: 1\n🗓 planned: 1" in screen.text


def test_the_list_is_filtered_and_leafed_through_in_place(client, project):
    FeatureFactory.create_batch(10, project=project)
    client.send("/features")

    screen = client.press("📥 10")
    assert screen.edited
    assert "Features of “Aurora”: 📥 backlog" in screen.text
    assert screen.buttons[8] == "›"
    second = client.press("›")
    assert (second.buttons[2], "✓📥 10" in second.buttons) == ("‹", True)
    assert "✓ All 11" in client.press("All 11").buttons


@pytest.mark.parametrize(
    "text",
    [
        "/features planned",
        "/features запланированные",
        "show the planned features",
        "какие фичи запланированы?",
    ],
)
def test_the_list_of_one_status_is_asked_for_in_words(client, project, text):
    FeatureFactory(project=project, name="Other")
    screen = client.send(text)
    assert "Features of “Aurora”: 🗓 planned" in screen.text
    assert screen.buttons[0] == "🗓 Login"
    assert "📥 Other" not in screen.buttons


def test_an_empty_list_and_an_unknown_status_say_what_to_do(client, project):
    text = client.send("/features sung").text
    assert "I do not know the status “sung”. Please choose one of: backlog, planned" in text
    Feature.objects.all().delete()
    assert "There are none yet. Add the first one." in client.send("/features").text


# ── The card ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text", ["/feature login", "feature Login", "фича «Login»", "/feature lgoin", "🗓 Login"]
)
def test_the_card_shows_all_that_is_known(client, project, login, text):
    login.release = ReleaseFactory(project=project, version="1.2", target_date="2030-03-15")
    login.assigned_teams, login.assigned_po, login.description = ["Core", "Web"], "Ann", "By <e-mail>"
    login.save()
    client.send("/features")

    screen = client.press(text) if text.startswith("🗓") else client.send(text)

    assert (
        "Login\nProject: Aurora\nStatus: 🗓 planned\nProduct owner: Ann\nTeams: Core, Web\n"
        "Release: 1.2 (15 Mar 2030)\n\nBy <e-mail>"
    ) in screen.text
    assert screen.buttons == [
        "📥 backlog", "🔧 in progress", "⛔ blocked", "✅ done", "🗑 dropped",
        "Release", "Teams", "Product owner", "Rename", "Description", "History", "‹ Features",
    ]  # fmt: skip


def test_the_command_alone_explains_itself(client):
    screen = client.send("/feature")
    assert "/feature add Login" in screen.text
    assert "🗓 Login" in screen.buttons


def test_a_name_that_is_far_too_long_is_none(client):
    assert "There is no feature “xxx" in client.send("/feature " + "x" * 500).text


def test_a_name_that_reads_like_an_order_is_a_name_first(client, project, login):
    page = FeatureFactory(project=project, name="Start login", status="planned")

    assert "Start login\n" in client.send("/feature start login").text
    assert {fresh(page).status, fresh(login).status} == {"planned"}
    client.send("start feature Login")
    assert fresh(login).status == "in_progress"


# ── Adding ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "/feature add Search",
        "add feature Search",
        "добавь фичу «Search»",
        "новая фича: Search",
        "/feature добавь Search",
    ],
)
def test_a_feature_is_added(client, project, text):
    screen = client.send(text)

    assert "Feature “Search” is added." in screen.text
    assert feature_of(project, "Search").status == "backlog"


def test_without_a_name_it_is_asked_for(client, project):
    client.send("add feature")
    assert "“Aurora” already has a feature “login”" in client.send("login").text
    client.send("Search")
    assert feature_of(project, "Search")
    client.send("/features")
    client.press("New feature")
    client.send("Maps")
    assert feature_of(project, "Maps")


def test_a_feature_is_added_to_a_release_or_put_into_it_if_it_exists(client, project, login):
    release = ReleaseFactory(project=project, version="1.2")

    client.send("add feature Search to release 1.2")
    screen = client.send("добавь фичу Login в релиз 1.2")

    assert feature_of(project, "Search").release == release
    assert "“Login” goes into release 1.2." in screen.text
    assert fresh(login).release == release
    assert "There is no release “9.9”" in client.send("add feature Maps to release 9.9").text
    assert not project.features.filter(name="Maps").exists()


# ── From state to state ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("feature Login is done", "done"),
        ("фича Login готова", "done"),
        ("/feature Login готова", "done"),
        ("move feature Login to the backlog", "backlog"),
        ("возьми фичу Login в работу", "in_progress"),
        ("start working on feature Login", "in_progress"),
        ("/feature start Login", "in_progress"),
    ],
)
def test_a_feature_moves_by_phrase(client, login, text, status):
    screen = client.send(text)

    assert "“Login” is now: " in screen.text
    assert fresh(login).status == status


def test_a_feature_moves_by_button_as_the_table_allows(client, login):
    client.send("/feature login")
    screen = client.press("✅ done")

    assert screen.edited
    assert "“Login” is now: ✅ done" in screen.text
    assert screen.buttons[:2] == ["🔧 in progress", "Release"]
    assert "From there it can become: in progress." in client.send("drop feature Login: why not").text
    assert fresh(login).status == "done"


@pytest.mark.parametrize(
    "text",
    ["feature Login box is done", "feature Logout is done", "feature Login is not done", "login is done?"],
)
def test_a_feature_that_was_not_meant_stays(client, login, text):
    client.send(text)
    assert fresh(login).status == "planned"


@pytest.mark.parametrize("how", ["button", "phrase"])
def test_a_reason_is_asked_for_where_one_is_needed(client, login, how):
    client.send("/feature login")
    screen = client.press("⛔ blocked") if how == "button" else client.send("заблокируй фичу Login")

    assert "Why does “Login” become: ⛔ blocked? Send me the reason." in screen.text
    assert fresh(login).status == "planned"

    assert "Reason: no <design> yet" in client.send("no <design> yet").text
    assert (fresh(login).status, fresh(login).status_reason) == ("blocked", "no <design> yet")


@pytest.mark.parametrize(
    "text",
    [
        "block feature Login: no design",
        "заблокируй фичу Login, потому что no design",
        "feature Login is blocked - no design",
    ],
)
def test_a_reason_may_be_given_at_once(client, login, text):
    client.send(text)
    assert (fresh(login).status, fresh(login).status_reason) == ("blocked", "no design")


def test_a_picture_is_no_reason(client, login):
    client.send("block feature Login")
    photo = {"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}
    assert "There are no words in that." in client.send("", **photo).text
    client.send("no design")
    assert fresh(login).status == "blocked"


def test_going_back_from_the_question_moves_nothing(client, login):
    client.send("/feature login")
    client.press("⛔ blocked")
    client.press("‹ Back")
    assert "did not understand" in client.send("no design").text
    assert fresh(login).status == "planned"


def test_an_ambiguous_order_is_carried_out_on_the_one_chosen(client, project, login):
    page = FeatureFactory(project=project, name="Sign page", status="planned")
    FeatureFactory(project=project, name="Sign button", status="planned")

    screen = client.send("block feature sign: no design")
    assert screen.buttons == ["Sign button", "Sign page"]
    client.press("Sign page")

    assert (fresh(page).status, fresh(page).status_reason) == ("blocked", "no design")
    assert Feature.objects.filter(status="blocked").count() == 1


def test_a_question_leads_to_the_next_question(client, project):
    page = FeatureFactory(project=project, name="Sign page", status="planned")
    FeatureFactory(project=project, name="Sign button", status="planned")
    autumn, winter = (
        ReleaseFactory(project=project, version=f"{name} release") for name in ("Autumn", "Winter")
    )

    client.send("block feature sign")
    assert "Why does “Sign page” become" in client.press("Sign page").text
    client.send("no design")
    assert fresh(page).status_reason == "no design"

    client.send("put feature sign into release «release»")
    assert sorted(client.press("Sign page").buttons) == ["Autumn release", "Winter release"]
    client.press("Winter release")
    assert fresh(page).release == winter
    assert not autumn.features.exists()


# ── Two at once ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("label", ["✅ done", "⛔ blocked", "Rename", "Description"])
def test_an_edit_that_came_second_is_told_what_changed(client, project, login, label):
    olga = admin_chat(project, first_name="Olga")
    client.send("/feature login")
    olga.send("feature Login is in progress")

    screen = client.press(label)
    if label != "✅ done":
        screen = client.send("some text")

    assert "“Login” was changed meanwhile: status: planned → in progress (Olga)." in screen.text
    assert "Status: 🔧 in progress" in screen.text
    assert (fresh(login).status, fresh(login).name, fresh(login).description) == ("in_progress", "Login", "")
    if label == "✅ done":
        assert "was changed meanwhile" in screen.alert
        assert "“Login” is now: ✅ done" in client.press("✅ done").text


def test_what_is_gone_is_said_to_be_gone(client, login):
    client.send("/feature login")
    login.delete()
    assert "That feature does not exist any more." in client.press("Rename").alert


# ── Who works on it ───────────────────────────────────────────────────────────────────────────────────────


def test_teams_by_phrase(client, login):
    assert "Team “Core” works on “Login” now." in client.send("assign team Core to feature Login").text
    client.send("назначь команду «Дизайн» на фичу Login")
    assert "Nothing to change" in client.send("team core works on feature Login").text
    assert fresh(login).assigned_teams == ["Core", "Дизайн"]
    client.send("сними команду core с фичи Login")
    assert fresh(login).assigned_teams == ["Дизайн"]


def test_teams_by_button(client, project, login):
    long = "команда " * 11
    FeatureFactory(project=project, assigned_teams=["Core", long.strip()])
    client.send("/feature login")

    screen = client.press("Teams")
    assert "Teams at work on “Login”: nobody yet" in screen.text
    assert len(max(screen.buttons, key=len)) <= 60
    assert "✕ Core" in client.press("+ Core").buttons
    client.press(next(label for label in screen.buttons if label.startswith("+ команда")))
    assert fresh(login).assigned_teams == ["Core", long.strip()]
    client.press("✕ Core")
    assert "Team “Web” works on" in client.send("Web").text
    assert fresh(login).assigned_teams == [long.strip(), "Web"]


def test_a_team_that_nobody_knows_any_more_cannot_be_pressed(client, project, login):
    other = FeatureFactory(project=project, assigned_teams=["Core"])
    client.send("/feature login")
    client.press("Teams")
    other.delete()
    assert "That question is over." in client.press("+ Core").alert
    assert fresh(login).assigned_teams == []


def test_the_owner_by_phrase_and_by_button(client, project, login):
    FeatureFactory(project=project, assigned_po="Olga")

    assert "Ann answers for “Login” now." in client.send("ответственный за фичу Login — Ann").text
    assert fresh(login).assigned_po == "Ann"
    client.press("Product owner")
    assert "Olga answers for “Login” now." in client.press("Olga").text
    client.press("Product owner")
    client.send("«Zoe»")
    assert fresh(login).assigned_po == "Zoe"
    client.press("Product owner")
    assert "Nobody answers for “Login” now." in client.press("Nobody").text
    client.send("assign Ann to feature Login")
    client.send("remove the owner of feature Login")
    assert fresh(login).assigned_po == ""


# ── Names, releases ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "rename feature Login to Sign in",
        "/feature rename Login to «Sign in»",
        "переименуй фичу Login в Sign in",
    ],
)
def test_renaming_by_phrase(client, login, text):
    assert "It is called “Sign in” now." in client.send(text).text
    assert fresh(login).name == "Sign in"


def test_renaming_and_describing_by_button(client, project, login):
    FeatureFactory(project=project, name="Search")
    client.send("/feature login")
    client.press("Rename")
    assert "already has a feature “search”" in client.send("search").text
    client.send("Sign in")
    client.press("Description")
    client.send("By e-mail\n\nor by phone")
    assert (fresh(login).name, fresh(login).description) == ("Sign in", "By e-mail\n\nor by phone")


def test_into_a_release_and_out_of_it_by_phrase(client, project, login):
    release = ReleaseFactory(project=project, version="v1.2")
    ReleaseFactory(version="1.2")

    assert "“Login” goes into release v1.2." in client.send("перенеси фичу Login в релиз 1.2").text
    assert fresh(login).release == release
    assert "“Login” is in no release now." in client.send("take feature Login out of the release").text
    assert fresh(login).release is None


def test_a_feature_is_taken_out_of_the_release_that_was_named_only(client, project, login):
    release = ReleaseFactory(project=project, version="1.1")
    ReleaseFactory(project=project, version="1.2")
    client.send("put feature Login into release 1.1")

    assert "“Login” is not in release 1.2." in client.send("remove feature Login from release 1.2").text
    assert "There is no release “9.9”" in client.send("remove feature Login from release 9.9").text
    assert fresh(login).release == release
    assert "“Login” is in no release now." in client.send("убери фичу Login из релиза v1.1").text
    assert fresh(login).release is None


def test_into_a_release_and_out_of_it_by_button(client, project, login):
    early = ReleaseFactory(project=project, version="1.2", target_date="2030-03-15")
    ReleaseFactory(project=project, version="1.0", status="released")
    client.send("/feature login")

    assert client.press("Release").buttons == ["🗓 1.2 · 15 Mar 2030", "New release", "‹ Back"]
    client.press("🗓 1.2 · 15 Mar 2030")
    assert fresh(login).release == early
    assert client.press("Release").buttons[0] == "✓ 1.2 · 15 Mar 2030"
    client.press("No release")
    assert fresh(login).release is None


def test_a_closed_release_takes_nothing_in(client, project, login):
    ReleaseFactory(project=project, version="1.0", status="released")
    assert "Release 1.0 is closed: released." in client.send("put feature Login into release 1.0").text
    client.send("/feature login")
    assert "No release is open." in client.press("Release").text
    assert fresh(login).release is None
