"""The catalogue of commands: rows follow the program, operators' choices stay, readers see changes soon."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext_lazy

from telegrambot.accounts.catalogue import Catalogue, DeclaredCommand, sync_commands
from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(db):
    BotCommand.objects.all().delete()


def declared(command="guides", role=Role.PUBLIC, description="Read a guide"):
    return DeclaredCommand(command, role, description)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_new_command_gets_the_programs_wording_in_both_languages():
    sync_commands([declared(description=gettext_lazy("Choose the language"), role=Role.ADMIN)])

    row = BotCommand.objects.get()
    assert (row.command, row.code_role, row.minimum_role) == ("guides", Role.ADMIN, Role.ADMIN)
    assert row.description("en") == "Choose the language"
    assert row.description("ru") == row.description_ru != ""


def test_what_an_operator_changed_stays():
    sync_commands([declared()])
    BotCommand.objects.update(description_en="Mine", is_active=False, minimum_role=Role.ADMIN)

    sync_commands([declared(description="Other words")])

    row = BotCommand.objects.get()
    assert (row.description_en, row.is_active, row.minimum_role) == ("Mine", False, Role.ADMIN)


@pytest.mark.parametrize(
    ("before", "chosen", "now", "expected"),
    [
        (Role.PUBLIC, Role.PUBLIC, Role.ADMIN, Role.ADMIN),  # the program became stricter
        (Role.PUBLIC, Role.OWNER, Role.ADMIN, Role.OWNER),  # the operator is stricter still
        (Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN, Role.ADMIN),  # never below the program
        (Role.ADMIN, Role.ADMIN, Role.PUBLIC, Role.PUBLIC),  # nobody had changed it
        (Role.ADMIN, Role.OWNER, Role.PUBLIC, Role.OWNER),  # somebody had
    ],
)
def test_the_role_follows_the_program_unless_an_operator_is_stricter(before, chosen, now, expected):
    BotCommandFactory(command="guides", code_role=before, minimum_role=chosen)

    sync_commands([declared(role=now)])

    row = BotCommand.objects.get()
    assert (row.code_role, row.minimum_role) == (now, expected)


def test_a_command_that_left_the_program_leaves_the_catalogue():
    sync_commands([declared("old"), declared("kept")])

    sync_commands([declared("kept"), declared("new")])

    assert set(BotCommand.objects.values_list("command", flat=True)) == {"kept", "new"}


def test_a_second_sync_writes_nothing(django_assert_num_queries):
    sync_commands([declared("one"), declared("two")])
    before = dict(BotCommand.objects.values_list("command", "updated_at"))

    sync_commands([declared("one"), declared("two")])

    assert dict(BotCommand.objects.values_list("command", "updated_at")) == before


@pytest.mark.parametrize("role", Role)
def test_a_command_is_allowed_from_its_role_on(role):
    BotCommandFactory(command="stats", code_role=Role.ADMIN)

    assert Catalogue().allows("stats", role) == (role >= Role.ADMIN)


def test_nobody_may_use_what_is_off_or_unknown():
    BotCommandFactory(command="off", is_active=False)
    catalogue = Catalogue()

    assert not catalogue.allows("off", Role.OWNER)
    assert not catalogue.allows("unknown", Role.OWNER)
    assert catalogue.visible_to(Role.OWNER) == []


def test_each_role_sees_its_commands_by_name():
    BotCommandFactory(command="zoo")
    BotCommandFactory(command="ask")
    BotCommandFactory(command="boss", code_role=Role.OWNER)
    catalogue = Catalogue()

    assert [row.command for row in catalogue.visible_to(Role.PUBLIC)] == ["ask", "zoo"]
    assert [row.command for row in catalogue.visible_to(Role.OWNER)] == ["ask", "boss", "zoo"]


def test_rows_are_read_at_most_every_two_seconds(django_assert_num_queries):
    row = BotCommandFactory(command="stats")
    clock = Clock()
    catalogue = Catalogue(clock)
    with django_assert_num_queries(1):
        assert catalogue.allows("stats", Role.PUBLIC)
        clock.now += 1.9
        assert catalogue.allows("stats", Role.PUBLIC)

    row.is_active = False
    row.save()
    assert catalogue.allows("stats", Role.PUBLIC)
    clock.now += 0.2
    assert not catalogue.allows("stats", Role.PUBLIC)


def test_forgetting_makes_a_change_visible_at_once():
    catalogue = Catalogue(Clock())
    assert not catalogue.allows("stats", Role.PUBLIC)
    BotCommandFactory(command="stats")

    catalogue.forget()

    assert catalogue.allows("stats", Role.PUBLIC)
