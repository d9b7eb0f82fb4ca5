"""A person's data in the admin: who may take them, who may erase, and what has to be typed."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import EventLog
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tasks import erase_person
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.tests.factories import MessageFactory

pytestmark = pytest.mark.django_db
BELOW_ADMIN = [Role.PUBLIC, Role.SUBSCRIBER]


def page(name: str, person: TelegramUser) -> str:
    return reverse(f"admin:accounts_telegramuser_{name}", args=[person.pk])


def jobs() -> list[dict[str, str]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name=erase_person.name)]


def sign_in(client, role: Role):
    person = TelegramUserFactory(role=role)
    client.force_login(UserFactory(person=person))
    return person


@pytest.fixture
def ann():
    message = MessageFactory(dialog__person__first_name="Ann", dialog__person__last_name="", text="marzipan")
    return message.person


# ── Handing out ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_the_team_takes_the_file_and_it_is_recorded(client, ann, role):
    operator = sign_in(client, role)

    question = client.get(page("export", ann)).content.decode()
    answer = client.post(page("export", ann), {"form": "json"})

    assert "Ann" in question
    data = json.loads(b"".join(answer.streaming_content))["data"]
    assert data["engine.messages"][0]["text"] == "marzipan"
    assert answer["Content-Disposition"] == f'attachment; filename="person-{ann.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    event = EventLog.objects.get(action="accounts.person.exported")
    assert (event.user_id, event.entity_id) == (str(operator.pk), str(ann.pk))


def test_the_page_to_read_comes_as_a_file_too(client, ann):
    sign_in(client, Role.ADMIN)

    answer = client.post(page("export", ann), {"form": "html"})

    assert b"marzipan" in b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("data", [{}, {"form": "exe"}])
def test_without_a_choice_nothing_is_handed_out(client, ann, data):
    sign_in(client, Role.ADMIN)

    answer = client.post(page("export", ann), data)

    assert b"marzipan" not in answer.content
    assert not EventLog.objects.filter(action="accounts.person.exported").exists()


@pytest.mark.parametrize("role", BELOW_ADMIN)
@pytest.mark.parametrize("name", ["export", "erase"])
def test_others_do_not_get_in(client, ann, role, name):
    sign_in(client, role)

    answer = client.post(page(name, ann), {"form": "json", "word": "FORGET"})

    assert answer.status_code == 302
    assert "/admin/login" in answer["Location"] or "login" in answer["Location"]
    assert jobs() == []


# ── Erasing ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_erases_with_the_word(client, ann):
    owner = sign_in(client, Role.OWNER)

    question = client.get(page("erase", ann)).content.decode()
    answer = client.post(page("erase", ann), {"word": " forget "}, follow=True)

    assert "Ann" in question
    assert "FORGET" in question
    assert "erased in a moment" in answer.content.decode()
    assert jobs() == [{"person_id": str(ann.pk), "actor_id": str(owner.pk)}]


@pytest.mark.parametrize("word", ["", "yes", "FORGET Ann"])
def test_without_the_word_nothing_happens(client, ann, word):
    sign_in(client, Role.OWNER)

    answer = client.post(page("erase", ann), {"word": word})

    assert "nothing was erased" in answer.content.decode()
    assert jobs() == []


def test_admins_are_not_offered_erasing_and_cannot_do_it(client, ann):
    TelegramUserFactory(role=Role.OWNER)
    sign_in(client, Role.ADMIN)

    person_page = client.get(page("change", ann)).content.decode()

    assert page("export", ann) in person_page
    assert page("erase", ann) not in person_page
    assert client.get(page("erase", ann)).status_code == 403
    assert client.post(page("erase", ann), {"word": "FORGET"}).status_code == 403
    assert jobs() == []


def test_owners_are_offered_both(client, ann):
    sign_in(client, Role.OWNER)

    person_page = client.get(page("change", ann)).content.decode()

    assert page("export", ann) in person_page
    assert page("erase", ann) in person_page


def test_a_member_of_the_team_is_refused_before_anything_is_typed(client):
    sign_in(client, Role.OWNER)
    colleague = TelegramUserFactory(role=Role.ADMIN)

    for answer in (
        client.get(page("erase", colleague)),
        client.post(page("erase", colleague), {"word": "FORGET"}),
    ):
        assert "A member of the team cannot be erased" in answer.content.decode()
        assert 'name="word"' not in answer.content.decode()
    assert jobs() == []


@pytest.mark.parametrize("name", ["export", "erase"])
def test_somebody_unknown_leads_back(client, ann, name):
    sign_in(client, Role.OWNER)
    url = page(name, ann)
    TelegramUser.objects.filter(pk=ann.pk).delete()

    assert client.get(url).status_code == 302
