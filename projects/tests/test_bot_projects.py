"""Projects in chat."""

from __future__ import annotations

import pytest

from projects.models import Project, UserContext
from projects.tests.chatting import admin_chat, chat_of, fresh
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def aurora():
    return ProjectFactory(name="Aurora")


def active(client):
    context = UserContext.objects.filter(user__telegram_id=client.telegram_id).first()
    return context.active_project if context else None


# ── The list and the card ─────────────────────────────────────────────────────────────────────────────────


def test_the_list_marks_the_active_one_and_has_pages_of_eight(aurora):
    for number in range(1, 10):
        ProjectFactory(name=f"Project {number}", status="paused" if number == 1 else "active")
    ProjectFactory(name="Old", status="archived")
    FeatureFactory(project=aurora, status="done")
    FeatureFactory(project=aurora)
    client = admin_chat(aurora)

    first = client.send("/projects")
    assert first.buttons[:2] == ["✓ Aurora · 1/2", "⏸ Project 1 · 0/0"]
    assert first.buttons[8:] == ["›", "New project", "Archived"]
    second = client.press("›")
    assert second.edited
    assert second.buttons == ["Project 8 · 0/0", "Project 9 · 0/0", "‹", "New project", "Archived"]
    assert client.press("‹").buttons == first.buttons
    assert client.press("Archived").buttons == ["Old · 0/0", "‹ Projects"]
    assert client.press("‹ Projects").buttons == first.buttons


def test_an_empty_list_says_what_to_do():
    client = admin_chat()
    assert "There is no open project. Make one" in client.send("проекты").text
    assert "No project is archived." in client.press("Archived").text


def test_the_card_shows_state_progress_and_the_next_releases(aurora):
    aurora.description = "All about <light>"
    aurora.save()
    release = ReleaseFactory(project=aurora, version="1.2", target_date="2030-03-15")
    ReleaseFactory(project=aurora, version="1.0", status="released")
    for status in ("done", "planned", "planned", "dropped"):
        FeatureFactory(project=aurora, status=status, status_reason="no", release=release)

    text = admin_chat(aurora).send("project status").text

    assert "Aurora\n▶️ active" in text
    assert "All about <light>" in text
    assert "Features: ▓▓▓░░░░░░░ 1/3\n🗓 planned: 2\n✅ done: 1\n🗑 dropped: 1" in text
    assert "Next releases:\n1.2 · 15 Mar 2030 · ▓▓▓░░░░░░░ 1/3" in text
    assert "1.0" not in text


def test_a_look_at_another_project_does_not_switch(aurora):
    ProjectFactory(name="Borealis")
    client = admin_chat(aurora)

    text = client.send("status of project borealis").text

    assert text.startswith("Context: Project Aurora\n\nBorealis\n")
    assert active(client) == aurora


# ── Switching ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "/project borealis",
        "switch to project Borealis",
        "Переключись на проект «Borealis»",
        "open project boreal",
    ],
)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_switching_by_command_and_phrase(aurora, text, role):
    borealis = ProjectFactory(name="Borealis")
    client = chat_of(TelegramUserFactory(role=role), aurora)

    screen = client.send(text)

    assert screen.text.startswith("Context: Project Borealis\n\n")
    assert active(client) == borealis


def test_each_person_has_an_active_project_of_their_own(aurora):
    borealis = ProjectFactory(name="Borealis")
    ann, bob = admin_chat(aurora), admin_chat(aurora)

    ann.send("/project borealis")

    assert (active(ann), active(bob)) == (borealis, aurora)


def test_when_several_fit_buttons_ask_which(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    client = admin_chat(aurora)

    screen = client.send("switch to project moon")
    assert "Which one do you mean by “moon”?" in screen.text
    assert sorted(screen.buttons) == ["Moon base", "Moon rocket"]
    assert active(client) == aurora

    screen = client.press("Moon rocket")
    assert screen.edited
    assert active(client).name == "Moon rocket"
    assert Dialog.objects.get().state == {}


def test_the_question_which_one_may_be_answered_in_words(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    ProjectFactory(name="Rocket science")
    client = admin_chat(aurora)
    client.send("switch to project moon")

    assert "“moon” is none of them, or more than one." in client.send("moon").text
    assert "“zebra” is none of them" in client.send("zebra").text
    client.send("the rocket")
    assert active(client) == aurora
    client.send("rocket")
    assert active(client).name == "Moon rocket"


def test_instead_of_answering_something_else_may_be_said(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    client = admin_chat(aurora)
    client.send("switch to project moon")

    client.send("switch to project Moon base")

    assert active(client).name == "Moon base"
    assert Dialog.objects.get().state == {}
    assert "did not understand" in client.send("rocket").text


def test_a_question_that_is_over_cannot_be_answered_any_more(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    client = admin_chat(aurora)
    client.send("switch to project moon")
    client.send("/cancel")

    assert "That question is over." in client.press("Moon base").alert
    assert active(client) == aurora


def test_an_answer_to_an_older_question_is_not_taken_for_the_newer_one(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    client = admin_chat(aurora)
    client.send("switch to project moon")
    older = Message.objects.filter(direction="outbound").latest("pk")
    client.send("/cancel")
    client.send("pause project moon")

    screen = client.press_data(older.payload["buttons"][0][0]["data"], older.external_message_id)

    assert "That question is over." in screen.alert
    assert active(client) == aurora
    client.press("Moon base")
    assert set(Project.objects.values_list("name", "status")) == {
        ("Aurora", "active"),
        ("Moon base", "paused"),
        ("Moon rocket", "active"),
    }


def test_what_was_chosen_may_be_gone_by_then(aurora):
    for name in ("Moon base", "Moon rocket"):
        ProjectFactory(name=name)
    client = admin_chat(aurora)
    client.send("switch to project moon")
    Project.objects.filter(name="Moon base").delete()

    assert "That project does not exist any more." in client.press("Moon base").alert


def test_nothing_found_is_said_with_what_looks_alike(aurora):
    ProjectFactory(name="Borealis project")
    client = admin_chat(aurora)

    screen = client.send("switch to project boreas prijekt")
    assert "There is no project “boreas prijekt”. Do you mean one of these?" in screen.text
    assert screen.buttons == ["Borealis project"]
    client.press("Borealis project")
    assert active(client).name == "Borealis project"
    assert client.send("/project zzz").text.endswith("There is no project “zzz”.")


def test_an_archived_project_is_shown_with_the_way_back(aurora):
    old = ProjectFactory(name="Old", status="archived")
    client = admin_chat(aurora)

    screen = client.send("/project old")
    assert "“Old” is archived. Bring it back to work on it." in screen.text
    assert active(client) == aurora
    assert "Rename" not in screen.buttons

    assert "“Old” is back, and active." in client.press("Bring it back").text
    assert (active(client), fresh(old).status) == (old, "active")


def test_only_who_may_archive_brings_an_archived_project_back(aurora):
    old = ProjectFactory(name="Old", status="archived")
    BotCommand.objects.filter(command="archive").update(minimum_role=Role.OWNER)
    client = admin_chat(aurora)

    assert "“Old” is archived. Bring it back to work on it." in client.send("resume project Old").text
    assert "not available" in client.press("Bring it back").toast
    assert "“Old” is archived." in client.send("pause project Old").text

    assert fresh(old).status == "archived"


# ── Making, renaming, pausing ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "/newproject New site",
        "create project “New site”",
        "создай проект «New site»",
        "new project: New  site",
    ],
)
def test_a_new_project_is_active_at_once(aurora, text):
    client = admin_chat(aurora)

    screen = client.send(text)

    assert "Context: Project New site\n\nProject “New site” is made, and active." in screen.text
    assert active(client).name == "New site"


@pytest.mark.parametrize("text", ["/newproject", "создай проект", "create a new project"])
def test_without_a_name_it_is_asked_for(text):
    client = admin_chat()

    assert "What is the new project called?" in client.send(text).text
    assert not Project.objects.exists()
    assert client.send("Aurora").text.startswith("Context: Project Aurora\n\n")


def test_a_bad_name_is_refused_and_may_be_given_again(aurora):
    client = admin_chat(aurora)
    client.send("/newproject")

    assert "There is already a project “aurora”" in client.send("aurora").text
    assert "too long" in client.send("x" * 201).text
    assert "Please give it a name." in client.send("«»").text
    assert client.send("Borealis").text.startswith("Context: Project Borealis")
    assert Project.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        "rename the project to Borealis",
        "rename project Aurora to Borealis",
        "переименуй проект Aurora в Borealis",
    ],
)
def test_renaming_by_phrase(aurora, text):
    screen = admin_chat(aurora).send(text)
    assert screen.text.startswith("Context: Project Borealis\n\nIt is called “Borealis” now.")
    assert fresh(aurora).name == "Borealis"


def test_renaming_and_describing_by_button(aurora):
    client = admin_chat(aurora)
    client.send("/project")
    client.press("Rename")
    assert "It is called “Borealis” now." in client.send("“Borealis”").text
    client.press("Description")
    assert "The description is changed." in client.send("About light\nand dark").text
    assert fresh(aurora).description == "About light\nand dark"
    client.press("Description")
    client.press("‹ Back")
    assert "did not understand" in client.send("not an answer any more").text


def test_pausing_and_resuming_by_button_and_phrase(aurora):
    client = admin_chat(aurora)
    client.send("/project")

    assert "“Aurora” is now: ⏸ paused" in client.press("⏸ Pause").text
    assert fresh(aurora).status == "paused"
    assert "“Aurora” is now: ▶️ active" in client.press("▶️ Resume").text
    client.send("поставь проект на паузу")
    assert fresh(aurora).status == "paused"
    assert "Nothing to change" in client.send("pause project aurora").text
    client.send("resume the project")
    assert fresh(aurora).status == "active"


def test_an_edit_that_came_second_overwrites_nothing(aurora):
    ann, olga = admin_chat(aurora), admin_chat(aurora, first_name="Olga")
    ann.send("/project")
    olga.send("rename the project to Borealis")

    screen = ann.press("⏸ Pause")

    assert "“Borealis” was changed meanwhile: name: Aurora → Borealis (Olga)." in screen.alert
    assert "“Borealis” was changed meanwhile" in screen.text
    assert fresh(aurora).status == "active"
    assert "“Borealis” is now: ⏸ paused" in ann.press("⏸ Pause").text


# ── Archiving ─────────────────────────────────────────────────────────────────────────────────────────────


def test_archiving_asks_for_the_name_to_be_typed(aurora):
    FeatureFactory.create_batch(2, project=aurora)
    ProjectFactory(name="Borealis")
    client = admin_chat(aurora)

    screen = client.send("/archive")
    assert "Archive “Aurora” with all that is in it (features: 2)?" in screen.text
    assert "please type exactly: Aurora" in client.send("yes").text
    assert fresh(aurora).status == "active"

    screen = client.send(" aurora ")
    assert screen.text.startswith("No project is active.\n\n“Aurora” is archived.")
    assert {"Bring it back", "Borealis · 0/0"} <= set(screen.buttons)
    assert fresh(aurora).status == "archived"
    assert client.press("Bring it back").text.startswith("Context: Project Aurora\n\n")


@pytest.mark.parametrize(
    "text", ["/archive borealis", "archive project Borealis", "отправь проект Borealis в архив"]
)
def test_another_project_is_archived_by_name(aurora, text):
    borealis = ProjectFactory(name="Borealis")
    client = admin_chat(aurora)
    client.send(text)
    assert fresh(borealis).status == "active"

    client.send("Borealis")

    assert (fresh(borealis).status, fresh(aurora).status) == ("archived", "active")
    assert "It is archived already." in client.send("/archive Borealis").text
    client.send("верни проект Borealis из архива")
    assert active(client) == borealis


def test_leaving_the_question_archives_nothing(aurora):
    client = admin_chat(aurora)
    client.send("/project")
    client.press("🗄 Archive it")
    client.press("‹ Back")

    client.send("Aurora")

    assert fresh(aurora).status == "active"
