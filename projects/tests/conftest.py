"""What the tests of the browser's pages share."""

from __future__ import annotations

import pytest

from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory


@pytest.fixture
def sign_in(client):
    """Sign somebody of a role in; returns the client with the `person` who acts."""

    def _sign_in(role=Role.ADMIN):
        client.person = TelegramUserFactory(role=role, first_name="Anna", last_name="Lind")
        client.force_login(UserFactory(person=client.person))
        return client

    return _sign_in
