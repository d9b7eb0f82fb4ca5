"""Somebody takes their data and says /forgetme: real processes, real HTTP, and a dump of what is left."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Database
from tests.processes import wait_until

pytestmark = pytest.mark.e2e
FAREWELLS = "SELECT count(*) FROM engine_message WHERE origin = 'farewell' AND status = 'sent'"
ERASED = "SELECT count(*) FROM audit_eventlog WHERE action = 'accounts.person.erased'"
JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE 'telegrambot.accounts.%%'"


def tables_with(database: Database, *words: str) -> set[str]:
    """The tables whose dump has one of the words."""
    found = set()
    with psycopg.connect(database.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:
                dump = b"".join(bytes(piece) for piece in rows).decode().lower()
            if any(word.lower() in dump or word.lower().encode().hex() in dump for word in words):
                found.add(table)
    return found


def test_they_take_their_data_and_are_forgotten(house):
    sara = house.person("sara_haddad")
    named = house.database.rows(
        "SELECT first_name, last_name, username FROM sandbox_person WHERE telegram_id = %s", sara.key
    )[0]
    sara.types("/start")
    sara.waits_for(named[0])
    sara.types("I am fond of marzipan")
    sara.types("/mydata")
    wait_until(lambda: "my-data.json" in sara.client.get(sara.page).text, "the files")
    assert {"accounts_telegramuser", "engine_message", "sandbox_message"} <= tables_with(
        house.database, *named
    )

    sara.types("/forgetme")
    sara.waits_for("FORGET")
    sara.types("forget")

    wait_until(lambda: house.database.value(ERASED) and not house.database.value(JOBS), "the job")
    wait_until(lambda: "I am forgetting you now" in "".join(sara.sees()), "the farewell")
    wait_until(lambda: house.database.value(FAREWELLS), "the farewell to be settled")
    assert tables_with(house.database, "marzipan", *named) == set()

    sara.types("/start")
    sara.waits_for("Hello, Guest!")
