"""What one process sets, others know: two real processes, two real connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from telegrambot.vault import settings_store
from telegrambot.vault.models import AppSetting
from telegrambot.vault.tests.elsewhere import python, test_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_declared")]


@pytest.fixture
def heard() -> Iterator[Iterator[int]]:
    """The values of `test.days` that another process comes to know, as it does."""
    with python("-m", "telegrambot.vault.tests.follower") as process:
        yield map(int, process.stdout)


def test_a_value_arrives_when_it_is_committed(heard):
    assert next(heard) == 30

    settings_store.set("test.days", 7, actor=None)
    assert next(heard) == 7

    settings_store.reset("test.days", actor=None)
    assert next(heard) == 30


def test_what_was_not_committed_never_arrives(heard):
    assert next(heard) == 30

    with transaction.atomic():
        settings_store.set("test.days", 7, actor=None)
        transaction.set_rollback(True)
    with transaction.atomic():
        settings_store.set("test.days", 8, actor=None)
        settings_store.set("test.days", 9, actor=None)

    assert next(heard) == 9


def test_what_is_written_with_sql_arrives_too(heard):
    assert next(heard) == 30
    settings_store.set("test.days", 7, actor=None)
    assert next(heard) == 7

    test_database().rows("UPDATE vault_appsetting SET value = '8'")

    assert next(heard) == 8


def test_what_was_set_while_the_connection_was_lost_arrives(heard):
    assert next(heard) == 30

    with transaction.atomic():
        settings_store.set("test.days", 7, actor=None)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            assert cursor.rowcount

    assert next(heard) == 7
    settings_store.set("test.days", 8, actor=None)
    assert next(heard) == 8


def test_this_process_hears_of_others(monkeypatch):
    with python(
        "-c",
        "import django; django.setup()\n"
        "from telegrambot.vault import settings_store\n"
        "from telegrambot.vault.tests.declared import settings_of_tests\n"
        "with settings_of_tests(): settings_store.set('test.days', 7, actor=None)",
    ) as process:
        assert process.communicate()[0] == ""

    assert AppSetting.objects.get().value == "7"
    settings_store.snapshots.forget()
    assert settings_store.get("test.days", int) == 7
