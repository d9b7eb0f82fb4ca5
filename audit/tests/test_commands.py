"""Who acts on the command line."""

from __future__ import annotations

import sys

import pytest

import manage
from audit.commands import acting_as_command
from audit.context import Context, current
from audit.models import EventLog
from telegrambot.accounts.claims import create_owner_claim, hash_code
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory


def test_a_command_has_an_origin_a_number_and_its_name():
    numbers = set()
    for _ in range(2):
        with acting_as_command(["manage.py", "createsuperuser", "--noinput"]):
            assert current().origin == "command"
            assert current().user_id == "system"
            assert current().extra == {"command": "createsuperuser"}
            numbers.add(current().correlation_id)

    assert len(numbers) == 2
    assert all(number.startswith("command:") for number in numbers)
    assert current() == Context()


@pytest.mark.parametrize(
    "arguments", [["manage.py", "shell"], ["manage.py", "dbshell", "--", "-c", "SELECT 1"]]
)
def test_a_shell_stays_a_shell(arguments):
    with acting_as_command(arguments):
        assert current() == Context()


def test_manage_without_a_command_only_lists_them():
    with acting_as_command(["manage.py"]):
        assert current().origin == "command"


# A command closes its connection, and would take a test's transaction with it.
@pytest.mark.django_db(transaction=True)
def test_manage_py_lets_every_command_act_as_one(monkeypatch, settings, tmp_path):
    person = TelegramUserFactory()
    settings.DEBUG, settings.VAR_DIR = True, tmp_path
    monkeypatch.setattr(sys, "argv", ["manage.py", "ensureowner", "--telegram-id", str(person.telegram_id)])

    manage.main()

    assert TelegramUser.objects.get(pk=person.pk).role == Role.OWNER
    event = EventLog.objects.get(action="accounts.role.granted")
    assert (event.user_id, event.origin, event.entity_id) == ("system", "command", str(person.pk))
    assert event.correlation_id.startswith("command:")
    assert event.details["command"] == "ensureowner"
    others = EventLog.objects.filter(origin="command").exclude(correlation_id=event.correlation_id)
    assert not others.exists()


# A command closes its connection, and would take a test's transaction with it.
@pytest.mark.django_db(transaction=True)
def test_what_other_peoples_commands_change_is_known_too(monkeypatch, settings):
    settings.DEBUG = True
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a good password")
    arguments = ["createsuperuser", "--noinput", "--username", "first", "--email", "first@example.org"]
    monkeypatch.setattr(sys, "argv", ["manage.py", *arguments, "--verbosity", "0"])

    manage.main()

    event = EventLog.objects.get(action="accounts.user.created")
    assert (event.user_id, event.origin, event.details["command"]) == ("system", "command", "createsuperuser")


# A command closes its connection, and would take a test's transaction with it.
@pytest.mark.django_db(transaction=True)
def test_what_is_typed_in_a_shell_is_a_shells(monkeypatch):
    TelegramUserFactory(telegram_id=4711)
    code = create_owner_claim()
    typed = (
        "from telegrambot.accounts.claims import claim_ownership\n"
        "from telegrambot.accounts.models import TelegramUser\n"
        f"claim_ownership('{hash_code(code)}', TelegramUser.objects.get(telegram_id=4711))"
    )
    monkeypatch.setattr(sys, "argv", ["manage.py", "shell", "-c", typed])

    manage.main()

    event = EventLog.objects.get(action="accounts.owner.claimed")
    assert (event.user_id, event.origin, event.correlation_id) == ("system", "shell", "")
