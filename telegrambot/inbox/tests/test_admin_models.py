"""Choosing a model in the browser: whose, with which key and instructions, and trying it."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import AuthenticationData, CredentialKind
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Message
from telegrambot.guides.tests.factories import GuideFactory
from telegrambot.inbox.desk import choices
from telegrambot.inbox.models import DraftReply, ModelCall, SystemPrompt, UserSelectedModel
from telegrambot.vault import settings_store
from tests.model_server.answers import CUT, Answer
from tests.model_server.server import KEY as SERVER_KEY
from tests.model_server.server import ModelServer

pytestmark = pytest.mark.django_db

BUILT_IN = {"provider": "built_in", "temperature": "0.3"}
OLLAMA = {"provider": "ollama", "model_name": "qwen3", "temperature": "0.5", "instructions": "Be brief."}
KEY = "sk-a-secret-of-the-tests"


def signed_in(client, role):
    person = TelegramUserFactory(role=role, first_name="Olga", last_name="", staff=UserFactory())
    client.force_login(person.staff)
    client.person = person
    return client


@pytest.fixture
def owner(client):
    return signed_in(client, Role.OWNER)


@pytest.fixture
def admin(client):
    return signed_in(client, Role.ADMIN)


def page(whose="everybody"):
    return reverse("admin:inbox_userselectedmodel_changelist") + f"?whose={whose}"


def attempt(client, values, question="When are you open?", whose="own"):
    return steps(client, values, question, whose)[-1]


def steps(client, values, question="When are you open?", whose="own"):
    url = reverse("admin:inbox_userselectedmodel_try") + f"?whose={whose}"
    lines = client.post(url, values | {"question": question}).getvalue().decode().splitlines()
    return [json.loads(line) for line in lines]


def stored_key(name="OpenAI"):
    return authentication_data.store(CredentialKind.MODEL_PROVIDER, name, {"api_key": KEY}, actor=None)


def test_an_owner_chooses_for_everybody(owner):
    answer = owner.post(page(), OLLAMA, follow=True)

    assert "The next draft is made with it." in answer.content.decode()
    row = UserSelectedModel.objects.get(operator=None)
    assert (row.provider, row.model_name, str(row.temperature)) == ("ollama", "qwen3", "0.50")
    assert row.prompt.text == "Be brief."
    assert row.prompt.created_by == owner.person


def test_an_admin_chooses_for_themselves_alone(admin):
    assert admin.post(page("own"), OLLAMA).status_code == 302
    assert admin.post(page("everybody"), OLLAMA).status_code == 403

    assert UserSelectedModel.objects.get().operator == admin.person
    assert choices.of(None).model == ""


def test_a_choice_is_found_by_its_number(owner):
    def opened(operator):
        row = UserSelectedModel.objects.create(provider="built_in", operator=operator)
        return owner.get(reverse("admin:inbox_userselectedmodel_change", args=[row.pk])), row

    assert opened(None)[0].url == page("everybody")
    assert opened(owner.person)[0].url == page("own")
    elsewhere, row = opened(TelegramUserFactory())
    assert elsewhere.url == reverse("admin:inbox_userselectedmodel_history", args=[row.pk])
    missing = owner.get(reverse("admin:inbox_userselectedmodel_change", args=[row.pk + 1]))
    assert missing.url == reverse("admin:index")


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_nobody_below_admin_chooses_or_tries(client, role):
    client.force_login(UserFactory(person__role=role))

    assert client.get(page()).status_code == 302
    assert client.post(page("own"), OLLAMA).status_code == 302
    assert client.post(reverse("admin:inbox_userselectedmodel_try"), OLLAMA).status_code == 302
    assert not UserSelectedModel.objects.exists()
    assert not ModelCall.objects.exists()


def test_a_key_is_kept_and_never_shown(owner):
    values = {"provider": "openai", "model_name": "gpt-9", "temperature": "1", "new_key": KEY}

    owner.post(page(), values)

    assert choices.of(None).endpoint.key == KEY
    assert AuthenticationData.objects.defer("encrypted_credentials").get().name == "OpenAI"
    assert KEY not in owner.get(page()).content.decode()
    refused = owner.post(page(), values | {"temperature": "9"})
    assert refused.status_code == 200
    assert KEY not in refused.content.decode()


def test_another_key_takes_the_place_of_the_first(owner):
    values = {"provider": "openai", "model_name": "gpt-9", "temperature": "1"}
    owner.post(page(), values | {"new_key": "first"})

    owner.post(page(), values | {"new_key": "second", "credentials_name": "OpenAI"})

    assert choices.of(None).endpoint.key == "second"
    assert AuthenticationData.objects.count() == 1


def test_an_admin_sends_no_stored_key_to_another_address(admin):
    stored_key()
    values = OLLAMA | {"provider": "openai", "credentials_name": "OpenAI"}
    elsewhere = values | {"base_url": "http://127.0.0.1:9/v1"}

    assert "own address only" in admin.post(page("own"), elsewhere).content.decode()
    assert "own address only" in attempt(admin, elsewhere)["problem"]
    assert not UserSelectedModel.objects.exists()
    assert not ModelCall.objects.exists()
    assert admin.post(page("own"), values).status_code == 302


def test_an_admin_stores_no_key(admin):
    admin.post(page("own"), OLLAMA | {"new_key": KEY})

    assert not AuthenticationData.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model_name": ""}, "Please name the model"),
        ({"provider": "other"}, "Please enter the address"),
        ({"base_url": "ftp://example.org"}, "is not complete"),
        ({"provider": "invented"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_used_is_not_chosen(owner, change, sentence):
    assert sentence in owner.post(page(), OLLAMA | change).content.decode()
    assert not UserSelectedModel.objects.exists()


def test_every_wording_of_the_instructions_is_a_version(owner):
    for text in ("Be brief.", "Be brief and kind.", "Be brief and kind."):
        owner.post(page(), OLLAMA | {"instructions": text})

    shown = owner.get(page()).context["versions"]

    assert [(row.version, row.text, earlier) for row, earlier in shown] == [
        (2, "Be brief and kind.", "Be brief."),
        (1, "Be brief.", ""),
    ]


def test_a_trial_answers_and_keeps_nothing_but_what_it_cost(admin):
    GuideFactory(title="Opening hours", body="We are open from nine to six.")

    found = attempt(admin, BUILT_IN)

    assert "nine to six" in found["text"]
    assert "Opening hours" in found["facts"][-1]
    call = ModelCall.objects.get()
    assert (call.dialog, call.operator, call.error) == (None, admin.person, "")
    assert not DraftReply.objects.exists()
    assert not Message.objects.exists()
    assert not SystemPrompt.objects.exists()
    assert not UserSelectedModel.objects.exists()


def test_a_trial_asks_the_model_of_the_form_with_its_key(owner):
    with ModelServer() as server:
        server.script(Answer("We are open from nine to six."))
        values = OLLAMA | {"provider": "other", "model_name": "small", "new_key": SERVER_KEY}
        values["base_url"] = f"{server.url}/v1"

        found = attempt(owner, values, whose="everybody")

    assert found["text"] == "We are open from nine to six."
    call = ModelCall.objects.get()
    assert (call.provider, call.dialog, call.prompt) == ("other", None, None)
    assert call.tokens_out > 0
    assert not AuthenticationData.objects.exists()


def test_a_trial_shows_what_is_written_while_it_is_written(owner):
    with ModelServer() as server:
        server.script(Answer("We are open from nine to six."))
        values = OLLAMA | {"provider": "other", "model_name": "small", "new_key": SERVER_KEY}
        values["base_url"] = f"{server.url}/v1"

        *written, last = steps(owner, values, whose="everybody")

    texts = [step["so_far"] for step in written]
    assert texts[0] == "We"
    assert texts == sorted(set(texts), key=len)
    assert last["text"] == texts[-1] == "We are open from nine to six."


def test_a_trial_that_breaks_off_in_the_middle_ends_with_the_problem(owner):
    with ModelServer() as server:
        server.script(Answer("We are open from nine to six.", trouble=CUT))
        values = OLLAMA | {"provider": "other", "model_name": "small", "new_key": SERVER_KEY}
        values["base_url"] = f"{server.url}/v1"

        *written, last = steps(owner, values, whose="everybody")

    assert written
    assert "lost in the middle" in last["problem"]
    assert ModelCall.objects.get().error == "AnswerCutOff"


def test_a_key_that_is_refused_is_told_in_a_sentence(owner):
    with ModelServer() as server:
        values = OLLAMA | {"provider": "other", "base_url": f"{server.url}/v1", "new_key": "wrong"}

        found = attempt(owner, values, whose="everybody")

    assert "does not accept the key" in found["problem"]
    assert ModelCall.objects.get().error == "KeyRefused"


def test_a_trial_that_fails_says_why(admin):
    assert "no answer to this" in attempt(admin, BUILT_IN)["problem"]
    assert ModelCall.objects.get().error == "NothingKnown"
    assert "write a question" in attempt(admin, BUILT_IN, question=" ")["problem"]
    assert ModelCall.objects.count() == 1


def test_a_trial_counts_for_the_daily_limit(admin):
    settings_store.set("drafting.daily_tokens", 10, actor=None)
    ModelCall.objects.create(provider="openai", tokens_in=10, tokens_out=1)

    assert "daily limit" in attempt(admin, BUILT_IN)["problem"]


def test_the_page_asks_as_much_for_many_versions_as_for_few(owner):
    def count():
        with CaptureQueriesContext(connection) as queries:
            owner.get(page())
        return len(queries)

    owner.post(page(), OLLAMA)
    few = count()
    for number in range(5):
        owner.post(page(), OLLAMA | {"instructions": f"Be brief {number}."})

    assert count() == few


def test_a_superuser_without_a_person_sees_everybodys_choice(client):
    client.force_login(UserFactory(is_superuser=True, person=None))

    shown = client.get(page("own"))

    assert shown.context["whose"] == "everybody"
    assert client.post(page("own"), OLLAMA).status_code == 302
    assert UserSelectedModel.objects.get().operator is None
