from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.sandbox import demo
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxPerson

pytestmark = pytest.mark.django_db


def test_four_people_of_whom_the_bot_knows_three() -> None:
    demo.fill()

    assert SandboxBot.objects.count() == 1
    assert [person.part for person in SandboxPerson.objects.all()] == [
        "owner",
        "admin",
        "subscriber",
        "newcomer",
    ]
    roles = dict(TelegramUser.objects.values_list("username", "role"))
    assert roles == {"olivia_novak": Role.OWNER, "anton_berg": Role.ADMIN, "sara_haddad": Role.SUBSCRIBER}
    # The bot may write first to those whom it knows, and only to them.
    assert SandboxChat.objects.count() == 3
    assert not SandboxChat.objects.filter(person__part="newcomer").exists()


def test_filling_again_changes_nothing() -> None:
    demo.fill()
    token = SandboxBot.objects.current().token
    TelegramUser.objects.filter(username="anton_berg").update(role=Role.PUBLIC)
    SandboxPerson.objects.filter(part="owner").update(first_name="Renamed")

    demo.fill()

    assert SandboxBot.objects.current().token == token
    assert TelegramUser.objects.get(username="anton_berg").role == Role.PUBLIC
    assert SandboxPerson.objects.get(part="owner").first_name == "Renamed"
    assert SandboxPerson.objects.count() == 4
