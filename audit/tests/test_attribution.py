"""Whose doing an event is said to be: of whoever acted in that very statement, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from audit.context import acting
from audit.models import EventLog
from audit.tests import scratch
from audit.tests.scratch import sql
from telegrambot.accounts.models import BotCommand
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory

pytestmark = pytest.mark.django_db

NOBODY = ("system", "shell", "")


@pytest.fixture
def table() -> None:
    """A watched table of this test's own."""
    scratch.make()


@pytest.fixture
def committed_table(transactional_db: None) -> Iterator[None]:
    """The same, where changes are committed."""
    scratch.make()
    yield
    sql("DROP TABLE audit_scratch")
    sql("DROP FUNCTION audit_audit_scratch")


def write(title: str) -> None:
    sql("INSERT INTO audit_scratch (title) VALUES (%s)", title)


def actors() -> dict[str, tuple[str, str, str]]:
    """Who wrote which title, from where, as part of what."""
    return {
        event.details["after"]["title"]: (event.user_id, event.origin, event.correlation_id)
        for event in EventLog.objects.filter(action="test.scratch.created")
    }


@pytest.mark.usefixtures("table")
def test_a_change_is_its_actors():
    with acting(user_id="ann", origin="chat", correlation_id="update:1", undoes=17, why="asked"):
        write("a")

    event = EventLog.objects.get(entity_type="test.scratch")
    assert (event.user_id, event.origin, event.correlation_id) == ("ann", "chat", "update:1")
    assert (event.details["undoes"], event.details["why"]) == (17, "asked")


@pytest.mark.usefixtures("table")
def test_what_is_kept_beside_a_change_takes_the_place_of_none_of_it():
    with acting(after="forged", before="forged", private="forged"):
        write("a")

    event = EventLog.objects.get(entity_type="test.scratch")
    assert event.details["after"]["title"] == "a"


@pytest.mark.usefixtures("table")
def test_it_does_not_pass_to_what_follows_in_the_same_transaction():
    with acting(user_id="ann", origin="chat", correlation_id="update:1"):
        write("hers")
    with acting(user_id="bob", origin="chat", correlation_id="update:2"):
        write("his")
        with acting(user_id="carol"):
            write("for him")
        write("his again")
    write("nobody's")

    assert actors() == {
        "hers": ("ann", "chat", "update:1"),
        "his": ("bob", "chat", "update:2"),
        "for him": ("carol", "chat", "update:2"),
        "his again": ("bob", "chat", "update:2"),
        "nobody's": NOBODY,
    }


@pytest.mark.usefixtures("table")
def test_a_rollback_to_a_savepoint_brings_nobody_back():
    with acting(user_id="ann"):
        write("hers")
    with acting(user_id="bob"):
        savepoint = transaction.savepoint()
        write("undone")
        transaction.savepoint_rollback(savepoint)
        write("his")
    savepoint = transaction.savepoint()
    with acting(user_id="carol"):
        write("undone too")
    transaction.savepoint_rollback(savepoint)
    write("nobody's")

    assert {title: user for title, (user, *_) in actors().items()} == {
        "hers": "ann",
        "his": "bob",
        "nobody's": "system",
    }


@pytest.mark.usefixtures("table")
def test_an_error_ends_it():
    with pytest.raises(IntegrityError), acting(user_id="ann"), transaction.atomic():
        sql("INSERT INTO audit_scratch (parent_id) VALUES (0)")
    write("nobody's")

    assert actors() == {"nobody's": NOBODY}


@pytest.mark.usefixtures("committed_table")
def test_in_autocommit_each_statement_has_its_own():
    with acting(user_id="ann"):
        write("hers")
    write("nobody's")
    with acting(user_id="bob"):
        write("his")

    assert {title: user for title, (user, *_) in actors().items()} == {
        "hers": "ann",
        "nobody's": "system",
        "his": "bob",
    }


@pytest.mark.usefixtures("committed_table")
def test_it_does_not_pass_to_the_next_transaction_of_a_connection():
    with acting(user_id="ann"), transaction.atomic():
        write("hers")
    with transaction.atomic():
        write("nobody's")
        with connection.connection.cursor() as raw:
            raw.execute("INSERT INTO audit_scratch (title) VALUES ('raw')")

    assert (actors()["hers"][0], actors()["nobody's"], actors()["raw"]) == ("ann", NOBODY, NOBODY)


@pytest.mark.usefixtures("committed_table")
def test_it_does_not_pass_to_another_thread():
    def work() -> None:
        write("in a thread")
        connection.close()

    with acting(user_id="ann"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        write("hers")

    assert (actors()["in a thread"], actors()["hers"][0]) == (NOBODY, "ann")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "awkward",
    [
        "O'Neil",
        'say "x"',
        "back\\slash \\' \\\"",
        "100% %s %(a)s {}",
        "Ünï ☃ 😀",
        "new\nline\ttab",
        "'; DROP TABLE audit_eventlog; --",
        "",
    ],
)
@pytest.mark.parametrize(("place", "params"), [("'x'", ()), ("%s", ("x",))])
def test_any_text_arrives_as_it_is(awkward, place, params):
    with acting(user_id=awkward, correlation_id=awkward, note=awkward):
        sql(f"INSERT INTO audit_scratch (title) VALUES ({place})", *params)

    event = EventLog.objects.get(entity_type="test.scratch")
    assert (event.user_id, event.correlation_id, event.details["note"]) == (awkward, awkward, awkward)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("unstorable", "stored"),
    [("a\0b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("\udc00", "\ufffd"), ("\ud83d\ude00", "😀")],
)
def test_what_postgresql_cannot_hold_stops_no_change(unstorable, stored):
    with acting(user_id=unstorable, note=unstorable):
        write("a")

    event = EventLog.objects.get(entity_type="test.scratch")
    assert (event.user_id, event.details["note"]) == (stored, stored)


def test_who_acts_may_be_found_out_by_a_query():
    person = TelegramUserFactory()
    asked = []

    def find_out() -> str:
        asked.append(1)
        return str(type(person).objects.get(telegram_id=person.telegram_id).pk)

    with acting(user_id=find_out):
        list(BotCommand.objects.all())
        assert asked == []
        command = BotCommandFactory()

    assert EventLog.objects.of(command).get().user_id == str(person.pk)
