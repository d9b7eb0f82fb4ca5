"""A customer, two operators, a guide that knows the answer, and drafting switched on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import CredentialKind
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.testing import ChatClient
from telegrambot.guides.tests.factories import GuideFactory
from telegrambot.inbox.desk import choices
from telegrambot.inbox.tests.factories import chat_with, operator
from telegrambot.vault import settings_store
from tests.model_server.server import KEY, ModelServer


@pytest.fixture(autouse=True)
def at_once(db):
    """No quiet time: a test does not wait."""
    settings_store.set("drafting.quiet_seconds", 0, actor=None)


@pytest.fixture
def ann():
    return TelegramUserFactory(first_name="Ann", last_name="", language_code="en")


@pytest.fixture
def dialog(ann):
    return chat_with(ann, is_processing_enabled=True)


@pytest.fixture
def customer(ann, dialog):
    return ChatClient(ann)


@pytest.fixture
def olga():
    return operator(first_name="Olga", last_name="")


@pytest.fixture
def boris():
    return operator(first_name="Boris", last_name="")


@pytest.fixture
def guide():
    return GuideFactory(
        title="Opening hours", body="We are open from Monday to Friday, nine to six. On Sunday we are closed."
    )


@pytest.fixture
def server():
    """A model's provider."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def chosen(server):
    """Everybody drafts with that model."""
    owner = TelegramUserFactory(role=Role.OWNER)
    authentication_data.store(CredentialKind.MODEL_PROVIDER, "local", {"api_key": KEY}, actor=owner)
    return choices.choose(
        None,
        provider="openai",
        model_name="small",
        base_url=f"{server.url}/v1",
        credentials_name="local",
        instructions="Always be brief.",
        temperature=Decimal("0.2"),
        actor=owner,
    )
