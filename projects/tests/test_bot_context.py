"""What all answers about projects have in common: the context, who may, what they cost."""

from __future__ import annotations

import pytest

from projects.bot.context import in_context
from projects.models import Feature, Project, Release, UserContext
from projects.phrases import INTENTS
from projects.services import active_project
from projects.tests.chatting import admin_chat, chat_of, fresh, statements_of_views
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from projects.tests.test_phrases import SAID
from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.chat import Button, Reply
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.routing import registry

pytestmark = pytest.mark.django_db

COMMANDS = {
    "projects", "project", "newproject", "archive", "features", "feature", "releases", "release", "changes",
    "history", "undo",
}  # fmt: skip
EVERYTHING = [
    "/projects", "/project", "/project Aurora", "/newproject", "/newproject Borealis", "/archive",
    "/features", "/features done", "/feature", "/feature Login", "/feature add Search",
    "/feature Login is done", "/releases", "/release", "/release 1.2", "/release 1.3 15 March", "/changes",
    "/changes yesterday", "/history", "/history Login", "/history 1.2", "/undo", "switch to project Aurora",
    "add feature Search", "feature Login is done", "block feature Login: no design", "block feature Login",
    "put feature Login into release 1.2", "assign team Core to feature Login", "assign Ann to feature Login",
    "rename feature Login to Sign in", "release 1.2 on March 15", "ship release 1.2", "what changed?",
    "pause the project", "rename the project to Borealis", "Что изменилось?", "статус проекта",
]  # fmt: skip
MISTAKES = [
    "/project Nowhere", "/feature Nothing like it", "/release 9.9 someday", "/features sung",
    "/changes tomorrow", "/history Nothing like it", "/newproject Aurora", "add feature Login",
    "add feature " + "x" * 300, "release 1.2 on February 31", "/archive Nowhere",
    "put feature Login into release 9.9", "resume the project",
]  # fmt: skip


@pytest.fixture
def project():
    project = ProjectFactory(name="Aurora")
    FeatureFactory(project=project, name="Login", status="planned")
    ReleaseFactory(project=project, version="1.2")
    return project


# ── The context line ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", EVERYTHING + MISTAKES)
def test_without_an_active_project_every_answer_says_so_and_shows_the_list(project, text):
    client = admin_chat()

    screen = client.send(text)

    if active_project(TelegramUser.objects.get()) is not None:  # it was about switching
        assert screen.text.startswith("Context: Project ")
    else:
        assert screen.text.startswith("No project is active.\n\n")
        assert any(label.startswith("Aurora") for label in screen.buttons)


def test_screens_that_are_edited_keep_the_context_and_follow_it(project):
    other = ProjectFactory(name="Borealis")
    client = admin_chat(project)
    client.send("/features")

    screen = client.press("🗓 Login")
    assert screen.edited
    assert screen.text.startswith("Context: Project Aurora\n\n")

    client.send("/projects")
    assert client.press("Borealis · 0/0").text.startswith("Context: Project Borealis\n\n")
    assert UserContext.objects.get().active_project == other


def test_what_belongs_to_another_project_is_shown_as_such(project):
    client = admin_chat(project)
    client.send("/feature Login")
    client.send("/newproject Borealis")

    screen = client.press("✅ done")

    assert screen.text.startswith("Context: Project Borealis\n\n")
    assert "Project: Aurora" in screen.text
    assert fresh(project.features.get()).status == "done"


def test_an_error_over_the_chat_tells_the_context_too(project):
    client = admin_chat(project)
    client.send("/feature Login")
    Project.objects.update(name="A" * 200, status="active")
    Feature.objects.all().delete()

    screen = client.press("✅ done")

    assert screen.alert == f"Context: Project {'A' * 39}…\n\nThat feature does not exist any more."
    assert screen.texts == []


def test_an_error_without_an_active_project_is_a_message_with_the_list(project):
    client = admin_chat(project)
    client.send("/feature Login")
    ProjectFactory(name="Borealis")
    Project.objects.filter(pk=project.pk).update(status="archived")

    screen = client.press("✅ done")

    assert (screen.alert, screen.edited) == ("", False)
    assert "No project is active." in screen.text
    assert "“Aurora” is archived. Please bring it back first." in screen.text
    assert "Borealis · 0/0" in screen.buttons
    assert fresh(project.features.get()).status == "planned"


def test_a_mere_notice_needs_no_context():
    reply = Reply(toast="Done")
    assert in_context(None, reply) is reply


def test_names_are_escaped_wherever_they_are_shown():
    project = ProjectFactory(name="<b>&", description="<i>about</i>")
    release = ReleaseFactory(project=project, version="<u>1")
    FeatureFactory(
        project=project,
        name="<s>login",
        description="<a href=x>",
        release=release,
        status="blocked",
        status_reason="<code>",
        assigned_teams=["<team>"],
        assigned_po="<po>",
    )
    client = admin_chat(project, first_name="<Ann>")
    shown = [
        client.send(text).html[0]
        for text in (
            "/projects", "/project", "/features", "/feature <s>login", "/releases", "/release «<u>1»",
            "/archive", "/newproject <b>&", "/feature <zzz>", "feature <s>login is done", "/changes",
            "/history <s>login", "/undo", "rename feature <s>login to <em>", "assign <who> to feature <em>",
            "assign team <t> to feature <em>",
        )
    ]  # fmt: skip
    for html in shown:
        bare = html
        for tag in ("b", "i", "code"):
            bare = bare.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
        assert "<" not in bare
        assert html.startswith("Context: Project &lt;b&gt;&amp;\n\n")


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands_are_for_admins(project, role, command):
    screen = chat_of(TelegramUserFactory(role=role), project).send(f"/{command} Aurora")

    assert screen.texts == ["This is not available to you. /help shows what is."]
    assert screen.buttons == []


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
@pytest.mark.parametrize("intent", sorted(SAID))
def test_phrases_of_others_are_words_like_any_others(project, role, intent):
    client = chat_of(TelegramUserFactory(role=role), project)
    for text, _words in (SAID[intent][0], SAID[intent][-1]):  # one in each language
        assert not any("Context:" in answer for answer in client.send(text).texts)
    assert (Project.objects.count(), Feature.objects.count(), Release.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("intent", sorted(SAID))
def test_every_phrase_of_the_vocabulary_is_answered_to_an_owner_too(project, intent):
    person = TelegramUserFactory(role=Role.OWNER)
    for text, _words in SAID[intent]:
        Project.objects.filter(pk=project.pk).update(status="active")
        screen = chat_of(person, project).send(text)
        assert screen.text.startswith(("Context: Project ", "No project is active.")), text
        Dialog.objects.update(state={})


def test_all_routes_are_for_admins_and_belong_to_a_command():
    routes = [
        *registry.commands.values(),
        *registry.buttons.values(),
        *registry.answers.values(),
        *registry.phrases,
    ]
    ours = [route for route in routes if route.name.startswith("projects.")]

    assert {route.command for route in ours} == COMMANDS
    assert {route.role for route in ours} == {Role.ADMIN}
    assert len([route for route in registry.phrases if route in ours]) == len(INTENTS)


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_a_demoted_admin_presses_and_answers_in_vain(project, role):
    client = admin_chat(project)
    client.send("/feature Login")
    client.press("Rename")
    TelegramUser.objects.update(role=role)

    assert "not available" in client.send("Sign in").text
    assert "not available" in client.press("‹ Back").toast
    assert fresh(project.features.get()).name == "Login"


def test_a_command_that_is_switched_off_takes_its_buttons_and_phrases_along(project):
    client = admin_chat(project)
    client.send("/feature Login")
    BotCommand.objects.filter(command="feature").update(is_active=False)

    assert "not available" in client.press("✅ done").toast
    assert "not available" in client.send("/feature Login").text
    assert "did not understand" in client.send("feature Login is done").text
    assert fresh(project.features.get()).status == "planned"


def test_forged_and_stale_presses_change_nothing(project):
    client = admin_chat(project)
    assert client.send("/undo").buttons == []
    shown = Message.objects.filter(direction="outbound").latest("pk").external_message_id
    ours = [name for name in registry.buttons if name.startswith("projects.")]
    assert len(ours) > 30
    for name in ours:
        screen = client.press_data(f"{name}:{project.pk}:done:1", shown)
        assert "no longer valid" in screen.toast
        assert screen.texts == []
    assert (fresh(project).status, fresh(project.features.get()).status) == ("active", "planned")


def test_buttons_fit_into_what_telegram_allows():
    longest = 2**63 - 1
    for name, route in registry.buttons.items():
        if name.startswith("projects.") and "revision" in route.view.__annotations__:
            hints = {
                key: kind
                for key, kind in route.view.__annotations__.items()
                if key not in ("request", "return")
            }
            values = [
                "in_progress" if kind == "str" else 2**31 - 1 if key == "revision" else longest
                for key, kind in hints.items()
            ]
            # Two keys never grow to their limits at once.
            values = [10**12 if value == longest and len(values) > 2 else value for value in values]
            assert Button("x", route.view, *values)


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────────────

AT_MOST = 8


@pytest.fixture(params=[3, 60])
def crowd(request, project):
    """As many of everything, with teams, an owner and a release."""
    release = project.releases.get()
    values = {"project": project, "assigned_teams": ["Core"], "assigned_po": "Ann", "release": release}
    Feature.objects.bulk_create(FeatureFactory.build_batch(request.param, **values))
    Release.objects.bulk_create(ReleaseFactory.build_batch(request.param, project=project))
    Project.objects.bulk_create(ProjectFactory.build_batch(request.param))
    return project


@pytest.mark.parametrize("text", EVERYTHING + MISTAKES)
def test_every_answer_begins_with_the_context_and_costs_few_questions(crowd, text):
    client = admin_chat(crowd)
    client.send("feature Login is in progress")  # something to undo, and to look at

    with statements_of_views() as statements:
        screen = client.send(text)

    assert screen.text.startswith(f"Context: Project {UserContext.objects.get().active_project.name}\n\n")
    assert len(screen.texts) == 1
    assert 1 <= len(statements) <= AT_MOST, statements


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("/projects", ["›", "‹", "Archived", "‹ Projects", "New project"]),
        (
            "/project",
            ["⏸ Pause", "▶️ Resume", "Features", "‹ Project", "Releases", "‹ Project", "Changes", "7 days"],
        ),
        ("/project", ["Rename", "‹ Back", "Description", "‹ Back", "🗄 Archive it", "‹ Back"]),
        ("/features", ["›", "🔧 1", "🔧 Login", "‹ Features", "New feature"]),
        ("/feature Login", ["✅ done", "🔧 in progress", "⛔ blocked", "‹ Back"]),
        (
            "/feature Login",
            ["Teams", "+ Core", "✕ Core", "‹ Back", "Product owner", "Ann", "Product owner", "Nobody"],
        ),
        (
            "/feature Login",
            ["Release", "›", "‹", "🗓 1.2", "Release", "No release", "History", "‹ Back"],
        ),
        (
            "/release 1.2",
            ["›", "🔧 in progress", "Date", "in 2 weeks: ", "Date", "No date", "Rename", "‹ Back"],
        ),
        ("/changes", ["›", "‹", "30 days", "Undo my last change", "Yes, undo it", "Bring it back"]),
        ("/undo", ["Yes, undo it", "Undo one more"]),
        ("feature Feature is done", ["Feature "]),
    ],
)
def test_what_is_pressed_costs_few_questions_to_the_database(crowd, text, labels):
    client = admin_chat(crowd)
    client.send("feature Login is in progress")
    screen = client.send(text)
    for beginning in labels:
        if beginning in {"›", "‹"} - set(screen.buttons):
            continue  # three of a kind fit on one page
        label = min((label for label in screen.buttons if label.startswith(beginning)), key=len)
        with statements_of_views() as statements:
            screen = client.press(label)
        assert screen.text.startswith("Context: Project Aurora"), (beginning, screen)
        assert 1 <= len(statements) <= AT_MOST, (beginning, statements)
