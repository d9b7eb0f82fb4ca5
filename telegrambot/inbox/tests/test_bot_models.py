"""/model: the operator's own model and prompt, or everybody's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import CredentialKind, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.testing import ChatClient
from telegrambot.inbox.desk import choices
from telegrambot.inbox.models import SystemPrompt, UserSelectedModel
from telegrambot.inbox.tests.factories import operator

pytestmark = pytest.mark.django_db

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def olga():
    return operator(first_name="Olga", last_name="", language_code="en")


@pytest.fixture
def staff(olga):
    return ChatClient(olga)


@pytest.fixture
def everybodys():
    """Everybody drafts with OpenAI, and a key."""
    owner = TelegramUserFactory(role=Role.OWNER)
    authentication_data.store(CredentialKind.MODEL_PROVIDER, "main", {"api_key": KEY}, actor=owner)
    return choices.choose(
        None,
        provider="openai",
        model_name="gpt-small",
        credentials_name="main",
        instructions="Always be brief.",
        temperature=Decimal("0.7"),
        actor=owner,
    )


def own(person):
    return choices.row_of(person)


def test_without_any_choice_there_is_no_model(staff, olga):
    screen = staff.send("/model")

    assert "everybody's" in screen.text
    assert "put together from the guides" in screen.text
    assert screen.buttons == ["🔁 Another model"]
    assert own(olga) is None


def test_everybodys_model_is_shown_without_its_key(staff, everybodys):
    text = staff.send("/model").text

    for words in ("OpenAI · gpt-small", "https://api.openai.com/v1", "0.7", "Always be brief.", "with a key"):
        assert words in text
    assert KEY not in text


def test_another_provider_needs_a_model_and_says_where_its_key_goes(staff, olga, everybodys):
    staff.send("/model")
    staff.press("🔁 Another model")
    assert "Which model of Anthropic?" in staff.press("Anthropic").text
    assert own(olga) is None

    screen = staff.send("claude-something")

    assert "Anthropic · claude-something" in screen.text
    assert "entered in the browser only" in screen.text
    row = own(olga)
    assert (row.provider, row.model_name, row.credentials) == ("anthropic", "claude-something", None)
    assert row.prompt.text == "Always be brief."
    assert choices.row_of(None).provider == "openai"


def test_ones_own_server_gets_nobody_elses_key(staff, olga, everybodys):
    staff.send("/model")
    staff.press("🌐 Address")
    staff.send("http://elsewhere.example/v1")
    staff.send("gpt-small")

    row = own(olga)
    assert (row.provider, row.base_url, row.credentials) == ("openai", "http://elsewhere.example/v1", None)


def test_the_key_stays_while_the_address_does(staff, olga, everybodys):
    staff.send("/model")
    staff.press("🌡 Temperature")
    staff.press("0")

    row = own(olga)
    assert (row.temperature, row.credentials.name, row.model_name) == (Decimal(0), "main", "gpt-small")
    assert choices.row_of(None).temperature == Decimal("0.7")


def test_another_server_is_asked_for_its_address_first(staff, olga):
    staff.send("/model")
    staff.press("🔁 Another model")
    assert "address of the server" in staff.press("Another server that speaks like OpenAI").text

    assert "not complete" in staff.send("localhost").text
    assert "Which model" in staff.send("http://localhost:1234/v1").text
    assert "http://localhost:1234/v1" in staff.send("llama").text

    assert (own(olga).provider, own(olga).model_name) == ("other", "llama")


def test_cancel_changes_nothing(staff, olga):
    staff.send("/model")
    staff.press("🔁 Another model")
    staff.press("Ollama")
    staff.send("/cancel")
    staff.send("llama")

    assert own(olga) is None


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_name_that_cannot_be_one_is_refused_and_may_be_sent_again(staff, olga, name):
    staff.send("/model")
    staff.press("🔁 Another model")
    staff.press("Ollama")
    assert staff.send(name).text
    assert own(olga) is None

    staff.send("llama")

    assert own(olga).model_name == "llama"


def test_instructions_are_versions(staff, olga, everybodys):
    staff.send("/model")
    assert "Always be brief." in staff.press("📝 Instructions").text
    assert "Say <hello> first." in staff.send("Say <hello> first.").text
    staff.press("📝 Instructions")
    assert "(v2)" in staff.send("Say goodbye last.").text

    assert list(
        SystemPrompt.objects.filter(operator=olga).values_list("version", "text").order_by("version")
    ) == [
        (1, "Say <hello> first."),
        (2, "Say goodbye last."),
    ]
    assert choices.row_of(None).prompt.text == "Always be brief."

    staff.press("📝 Instructions")
    assert "No instructions." in staff.press("No instructions").text
    assert own(olga).prompt is None


def test_instructions_that_are_too_long_are_refused(staff, olga, everybodys):
    staff.send("/model")
    staff.press("📝 Instructions")

    assert "Please shorten them" in staff.send("x" * 8001).text
    assert own(olga) is None


def test_back_to_everybodys(staff, olga, everybodys):
    choices.choose(olga, provider="built_in", actor=olga)
    staff.send("/model")

    assert "OpenAI · gpt-small" in staff.press("👥 Use everybody's").text
    assert own(olga) is None
    assert UserSelectedModel.objects.count() == 1


def test_without_a_model_again(staff, olga, everybodys):
    staff.send("/model")
    staff.press("🔁 Another model")

    assert "from the guides" in staff.press("Without a model").text
    assert (own(olga).provider, own(olga).credentials) == ("built_in", None)


def test_customers_choose_no_model():
    person = TelegramUserFactory(role=Role.SUBSCRIBER, language_code="en")

    assert "not available to you" in ChatClient(person).send("/model").text
    assert not UserSelectedModel.objects.exists()


def test_who_is_no_operator_any_more_changes_nothing(staff, olga, everybodys):
    staff.send("/model")
    staff.press("🌡 Temperature")
    TelegramUser.objects.filter(pk=olga.pk).update(role=Role.PUBLIC)

    assert "not available to you" in staff.press("1").toast
    assert own(olga) is None


def test_a_forged_button_changes_nothing(staff, olga):
    staff.send("/model")

    assert "no longer valid" in staff.press_data("inbox.choose:built_in").toast
    assert own(olga) is None
