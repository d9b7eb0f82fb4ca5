"""The tables hold by themselves: defaults, checks and time stamps also for whoever writes SQL."""

from __future__ import annotations

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Q

from telegrambot.accounts.models import BotCommand, TelegramUser, User
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def execute(sql: str, *parameters: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_a_person_inserted_by_sql_has_all_defaults():
    execute("INSERT INTO accounts_telegramuser (telegram_id) VALUES (42)")

    person = TelegramUser.objects.get()
    assert person.pk is not None
    assert (person.role, person.is_active, person.is_friend, person.preferences) == (0, True, False, {})
    assert (person.username, person.first_name, person.timezone, person.language_code) == ("", "", "", "")
    assert person.created_at == person.updated_at


def test_an_account_inserted_by_sql_has_all_defaults():
    execute("INSERT INTO accounts_user (username, password) VALUES ('ann', '')")

    user = User.objects.get()
    assert (user.is_active, user.is_superuser, user.email) == (True, False, "")
    assert user.date_joined == user.created_at


def test_a_command_inserted_by_sql_has_all_defaults():
    BotCommand.objects.all().delete()
    execute(
        "INSERT INTO accounts_botcommand (command, description_en, description_ru, code_role, minimum_role)"
        " VALUES ('x', 'a', 'b', 1, 2)"
    )

    command = BotCommand.objects.get()
    assert (command.is_active, command.times_used, command.last_used_at) == (True, 0, None)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("accounts_telegramuser (role)", "(4)"),
        ("accounts_telegramuser (role)", "(-1)"),
        ("accounts_telegramuser (staff_id)", "(987654)"),
        ("accounts_user (username)", "(NULL)"),
        (
            "accounts_botcommand (command, description_en, description_ru, code_role, minimum_role)",
            "('x', '', '', 2, 1)",
        ),
        (
            "accounts_botcommand (command, description_en, description_ru, code_role, minimum_role)",
            "('x', '', '', 4, 4)",
        ),
    ],
)
def test_the_database_refuses_what_makes_no_sense(table, row):
    with pytest.raises((IntegrityError, DataError)):
        execute(f"INSERT INTO {table} VALUES {row}; SET CONSTRAINTS ALL IMMEDIATE")


def test_telegram_ids_are_unique_but_several_people_may_have_none():
    TelegramUserFactory.create_batch(2, telegram_id=None)
    TelegramUserFactory(telegram_id=7)

    with pytest.raises(IntegrityError), transaction.atomic():
        TelegramUserFactory(telegram_id=7)


@pytest.mark.parametrize("factory", [UserFactory, TelegramUserFactory, BotCommandFactory])
def test_the_database_moves_updated_at(factory):
    row = factory()
    execute(f"UPDATE {row._meta.db_table} SET created_at = created_at")

    before = row.updated_at
    row.refresh_from_db()
    assert row.updated_at > before


@pytest.mark.parametrize(
    ("telegram", "chosen", "spoken"),
    [
        ("ru", "", "ru"),
        ("ru-RU", "", "ru"),
        ("de", "", "en"),
        ("", "", "en"),
        ("ru", "en", "en"),
        ("rup", "", "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_telegrams_else_english(telegram, chosen, spoken):
    assert TelegramUser(language_code=telegram, preferences={"language": chosen}).language == spoken


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"first_name": "Ann", "last_name": "Lee", "username": "ann"}, "Ann Lee"),
        ({"username": "ann"}, "@ann"),
        ({"telegram_id": 42}, "42"),
    ],
)
def test_a_person_is_shown_by_what_is_known(names, shown):
    assert str(TelegramUser(**names)) == shown


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        (Q(username__iexact="ann"), "ix_person_username"),
        (Q(username__istartswith="an"), "ix_person_username"),
        (Q(first_name__istartswith="an"), "ix_person_first_name"),
        (Q(last_name__istartswith="le"), "ix_person_last_name"),
        (Q(is_friend=True), "ix_person_is_friend"),
        (Q(is_active=False), "ix_person_is_active"),
        (Q(blocked_at__isnull=False), "ix_person_blocked_at"),
        (Q(opted_out_at__isnull=False), "ix_person_opted_out_at"),
        (Q(role=3), "ix_person_role_created_at"),
        (Q(language_code="ru"), "ix_person_language_code"),
    ],
)
def test_searches_and_filters_have_their_index(condition, index):
    execute("SET LOCAL enable_seqscan = off")

    assert index in TelegramUser.objects.filter(condition).explain()


@pytest.mark.parametrize(
    ("ordering", "index"),
    [
        (["-created_at"], "ix_person_created_at"),
        (["-last_seen_at"], "ix_person_last_seen_at"),
        (["-updated_at"], "ix_person_updated_at"),
        (["-role", "-created_at", "pk"], "ix_person_role_created_at"),
    ],
)
def test_orderings_have_their_index(ordering, index):
    execute("SET LOCAL enable_seqscan = off")
    execute("SET LOCAL enable_bitmapscan = off")

    assert index in TelegramUser.objects.order_by(*ordering)[:8].explain()
