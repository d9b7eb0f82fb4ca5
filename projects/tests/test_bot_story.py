"""A product owner's day in chat, from the first project to taking three changes back, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from projects.models import Feature, Project, UserContext
from projects.tests.chatting import admin_chat
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import InboundUpdate

pytestmark = pytest.mark.django_db

ENGLISH = {
    "project": "create project “New site”",
    "features": [
        "add feature Login",
        "Add a new feature: Search",
        "create feature “Contact form”",
        "new feature Sitemap",
        "please add feature Blog",
        "/feature add Gallery",
    ],
    "release": "release 1.0 on March 15, 2030",
    "moves": [
        "start feature Login",
        "feature Search is planned",
        "block feature Contact form: waiting for the design",
        "feature Sitemap is done",
    ],
    "reason": "waiting for the design",
    "plan first": "move feature Contact form to planned",
    "put": ["put feature Login into release 1.0", "move feature search to release 1.0"],
    "team": "assign team Core to feature Login",
    "owner": "the owner of feature Login is Ann",
    "changes": "What changed since yesterday?",
    "undo": "undo last",
    "second project": "create project Warehouse",
    "switch": "switch to project New site",
    "context": "Context: Project New site\n\n",
}
RUSSIAN = {
    "project": "Создай проект «New site»",
    "features": [
        "добавь фичу Login",
        "Добавь новую фичу: Search",
        "создай фичу «Contact form»",
        "новая фича Sitemap",
        "пожалуйста, добавь фичу Blog",
        "/feature добавь Gallery",
    ],
    "release": "релиз 1.0 15 марта 2030",
    "moves": [
        "возьми фичу Login в работу",
        "фича Search запланирована",
        "заблокируй фичу Contact form: ждём дизайн",
        "фича Sitemap готова",
    ],
    "reason": "ждём дизайн",
    "plan first": "переведи фичу Contact form в план",
    "put": ["перенеси фичу Login в релиз 1.0", "включи фичу search в релиз 1.0"],
    "team": "назначь команду Core на фичу Login",
    "owner": "ответственный за фичу Login — Ann",
    "changes": "Что изменилось со вчера?",
    "undo": "Отмени последнее",
    "second project": "Создай проект Warehouse",
    "switch": "Переключись на проект New site",
    "context": "Контекст: Проект New site\n\n",
}


def states():
    return dict(Feature.objects.values_list("name", "status"))


def undo(client, said):
    """Ask, and press the first button below the answer, whatever it is called."""
    return client.press(client.send(said).buttons[0])


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("ru", RUSSIAN)])
@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_a_product_owners_day(language, said, role):
    client = admin_chat(language_code=language, role=role)

    client.send(said["project"])
    for text in said["features"]:
        client.send(text)
    assert set(states().items()) == {
        (name, "backlog") for name in ("Login", "Search", "Contact form", "Sitemap", "Blog", "Gallery")
    }

    client.send(said["release"])
    client.send(said["plan first"])
    for text in said["moves"]:
        client.send(text)
    assert states() == {
        "Login": "in_progress", "Search": "planned", "Contact form": "blocked", "Sitemap": "done",
        "Blog": "backlog", "Gallery": "backlog",
    }  # fmt: skip
    assert "diz" in Feature.objects.get(status="blocked").status_reason.replace("диз", "diz").replace(
        "des", "diz"
    )

    for text in (*said["put"], said["team"], said["owner"]):
        client.send(text)
    login, search = Feature.objects.get(name="Login"), Feature.objects.get(name="Search")
    assert login.release == search.release
    assert login.release.target_date == date(2030, 3, 15)
    assert (login.assigned_teams, login.assigned_po) == (["Core"], "Ann")

    changes = client.send(said["changes"])
    assert all(name in changes.text for name in states())

    for _ in range(3):
        undo(client, said["undo"])
    login, search = Feature.objects.get(name="Login"), Feature.objects.get(name="Search")
    assert (login.assigned_po, login.assigned_teams, search.release) == ("", [], None)
    assert login.release is not None

    client.send(said["second project"])
    assert UserContext.objects.get().active_project.name == "Warehouse"
    client.send(said["switch"])
    assert UserContext.objects.get().active_project.name == "New site"
    assert Project.objects.count() == 2
    assert not InboundUpdate.objects.exclude(status="done").exists()


@pytest.mark.parametrize(("language", "said"), [("en", ENGLISH), ("ru", RUSSIAN)])
def test_every_answer_of_the_day_begins_with_the_context(language, said):
    client = admin_chat(language_code=language)
    client.send(said["project"])

    for text in (
        *said["features"], said["release"], said["plan first"], *said["moves"], *said["put"], said["team"],
        said["owner"], said["changes"], said["undo"],
    ):  # fmt: skip
        assert client.send(text).text.startswith(said["context"])
