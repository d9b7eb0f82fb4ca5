"""Every write states a setting, in its own message, and nothing else of it shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.db.backends.postgresql import base
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from config.postgresql import cursor as module
from config.postgresql.cursor import StatingCursor, state_before_writes

# Where it was stated before in a session, it is empty, not unset.
STATED = "nullif(current_setting('probe.stated', true), '')"
AWKWARD = "O'Neil \"x\" \\ \\' 100% %s %(a)s {} Ünï 😀 ; -- $1 $$\n"


class Stated:
    """What is stated, and how often anybody asked for it."""

    def __init__(self) -> None:
        self.value, self.asked = "one", 0

    def __call__(self) -> str:
        self.asked += 1
        return self.value


@pytest.fixture
def stated(monkeypatch: pytest.MonkeyPatch) -> Stated:
    monkeypatch.setattr(module, "_setting", None)
    stated = Stated()
    state_before_writes("probe.stated", stated)
    return stated


TABLE = f"""
CREATE TEMPORARY TABLE probe (
    id int GENERATED ALWAYS AS IDENTITY, a text UNIQUE, stated text DEFAULT {STATED})
"""


@pytest.fixture
def probe(db: None, stated: Stated) -> Iterator[Any]:
    """A cursor, a table whose rows remember what was stated when they were written."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        yield cursor


@pytest.fixture
def autocommit_probe(transactional_db: None, stated: Stated) -> Iterator[Any]:
    """The same in autocommit."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        yield cursor
        cursor.execute("DROP TABLE probe")


def rows(cursor: Any) -> list[tuple[Any, ...]]:
    cursor.execute("SELECT a, stated FROM probe ORDER BY id")
    return cursor.fetchall()


# ── What a statement returns ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (f"INSERT INTO probe (a) VALUES ('x%s') RETURNING a, {STATED}", None),
        (f"INSERT INTO probe (a) VALUES ('x%%s') RETURNING a, {STATED}", []),
        (f"INSERT INTO probe (a) VALUES (%s || '%%s') RETURNING a, {STATED}", ["x"]),
        (f"INSERT INTO probe (a) VALUES (%s || '%%s') RETURNING a, {STATED}", ("x",)),
        (f"INSERT INTO probe (a) VALUES (%(a)s || '%%s') RETURNING a, {STATED}", {"a": "x", "b": 1}),
        (f"INSERT INTO probe (a) VALUES ('x%%s') RETURNING a, {STATED}", {}),
        (f"INSERT INTO probe (a) VALUES ('x%s') RETURNING a, {STATED}".encode(), None),
        (f"INSERT INTO probe (a) VALUES (%s || '%%s') RETURNING a, {STATED}".encode(), ["x"]),
        (
            sql.SQL("INSERT INTO {} (a) VALUES ({}) RETURNING a, " + STATED).format(
                sql.Identifier("probe"), sql.Literal("x%s")
            ),
            None,
        ),
        (
            sql.SQL("INSERT INTO {} (a) VALUES (%s) RETURNING a, " + STATED).format(sql.Identifier("probe")),
            ["x%s"],
        ),
    ],
)
@pytest.mark.parametrize("value", ["one", "", AWKWARD])
def test_a_write_states_the_setting_and_returns_its_own_result(probe, stated, query, params, value):
    stated.value = value

    probe.execute(query, params)

    assert [column.name for column in probe.description] == ["a", "nullif"]
    assert probe.rowcount == 1
    assert probe.fetchone() == ("x%s", value or None)
    assert probe.fetchone() is None
    assert probe.nextset() is None


def test_counts_and_rows_are_those_of_the_statement(probe):
    probe.execute("INSERT INTO probe (a) SELECT g::text FROM generate_series(1, 5) AS g")
    assert (probe.rowcount, probe.description, probe.statusmessage) == (5, None, "INSERT 0 5")
    with pytest.raises(ProgrammingError, match="didn't produce records"):
        probe.fetchone()
    probe.execute("UPDATE probe SET a = a || '!' WHERE a > %s RETURNING a", ["2"])
    assert (probe.rowcount, probe.fetchmany(2), probe.fetchall()) == (3, [("3!",), ("4!",)], [("5!",)])
    probe.execute("DELETE FROM probe WHERE false")
    assert probe.rowcount == 0


def test_several_statements_in_one_string_all_show(probe, stated):
    probe.execute(f"INSERT INTO probe (a) VALUES ('x'); SELECT {STATED}; DELETE FROM probe")

    assert (probe.statusmessage, probe.nextset(), probe.fetchall()) == ("INSERT 0 1", True, [("one",)])
    assert (probe.nextset(), probe.rowcount, probe.nextset()) == (True, 1, None)
    assert stated.asked == 1


@pytest.mark.parametrize("value", ["one", "", AWKWARD])
def test_it_shows_in_no_query_log_and_to_no_wrapper(probe, stated, value):
    stated.value = value
    seen = []

    def wrapper(execute: Any, query: str, *args: Any) -> Any:
        seen.append(query)
        return execute(query, *args)

    with (
        CaptureQueriesContext(connection) as queries,
        connection.execute_wrapper(wrapper),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])
        cursor.execute("UPDATE probe SET a = 'y'")
        cursor.execute("SET LOCAL work_mem = '4MB'")

    assert [query["sql"] for query in queries] == [
        "INSERT INTO probe (a) VALUES ('x')",
        "UPDATE probe SET a = 'y'",
        "SET LOCAL work_mem = '4MB'",
    ]
    assert seen[0] == "INSERT INTO probe (a) VALUES (%s)"
    assert rows(probe) == [("y", value or None)]


def test_reading_states_nothing(probe, stated):
    probe.execute("SELECT a FROM probe FOR UPDATE")
    with transaction.atomic():
        rows(probe)
    connection.check_constraints()

    assert stated.asked == 0
    probe.execute(f"SELECT {STATED}")
    assert probe.fetchone() == (None,)


def test_a_query_read_page_by_page_works(probe):
    probe.execute("INSERT INTO probe (a) SELECT g::text FROM generate_series(1, 5) AS g")
    with connection.chunked_cursor() as chunked:
        chunked.execute("SELECT a FROM probe WHERE a > %s ORDER BY a", ["1"])
        assert chunked.fetchmany(2) == [("2",), ("3",)]
        assert [*chunked] == [("4",), ("5",)]


def test_a_refused_write_says_why(probe):
    probe.execute("INSERT INTO probe (a) VALUES ('x')")

    with pytest.raises(IntegrityError, match="duplicate key") as raised, transaction.atomic():
        probe.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])
    assert raised.value.__cause__.diag.table_name == "probe"
    with pytest.raises(ProgrammingError, match="placeholders"), transaction.atomic():
        probe.execute("INSERT INTO probe (a) VALUES (%s)", [])
    with pytest.raises(DataError), transaction.atomic():
        probe.execute("UPDATE probe SET a = (1 / %s)::text", [0])

    assert rows(probe) == [("x", "one")]


# ── What goes out in other ways ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", ["probe", "autocommit_probe"])
def test_executemany_states_it_once_for_all(request, stated, fixture):
    cursor = request.getfixturevalue(fixture)

    cursor.executemany("INSERT INTO probe (a) VALUES (%s)", [["x"], ["y"], ["z%"]])

    assert cursor.rowcount == 3
    assert (rows(cursor), stated.asked) == ([("x", "one"), ("y", "one"), ("z%", "one")], 1)


def test_executemany_that_fails_leaves_nothing(autocommit_probe):
    with pytest.raises(IntegrityError):
        autocommit_probe.executemany("INSERT INTO probe (a) VALUES (%s)", [["x"], ["x"]])

    assert rows(autocommit_probe) == []


def test_executemany_may_return_rows(probe):
    probe.cursor.executemany(
        f"INSERT INTO probe (a) VALUES (%s) RETURNING a, {STATED}", [["x"], ["y"]], returning=True
    )

    assert (probe.fetchall(), probe.nextset(), probe.fetchall()) == ([("x", "one")], True, [("y", "one")])


@pytest.mark.parametrize("fixture", ["probe", "autocommit_probe"])
def test_copied_rows_state_it(request, fixture):
    cursor = request.getfixturevalue(fixture)

    with cursor.copy("COPY probe (a) FROM STDIN") as copy:
        copy.write_row(["x"])
        copy.write_row(["y"])

    assert cursor.rowcount == 2
    assert rows(cursor) == [("x", "one"), ("y", "one")]
    with cursor.copy("COPY (SELECT a FROM probe ORDER BY id) TO STDOUT") as copy:
        assert [*copy.rows()] == [("x",), ("y",)]


@pytest.mark.parametrize("fixture", ["probe", "autocommit_probe"])
def test_streamed_rows_state_it(request, stated, fixture):
    cursor = request.getfixturevalue(fixture)

    assert [*cursor.stream(f"INSERT INTO probe (a) VALUES ('x') RETURNING {STATED}")] == [("one",)]
    assert [*cursor.stream("SELECT a FROM probe")] == [("x",)]
    assert stated.asked == 1


@pytest.mark.parametrize("fixture", ["probe", "autocommit_probe"])
def test_a_pipeline_states_it_too(request, stated, fixture):
    cursor = request.getfixturevalue(fixture)

    with connection.connection.pipeline():
        cursor.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])
        stated.value = "two"
        cursor.execute(f"INSERT INTO probe (a) VALUES (%s) RETURNING {STATED}", ["y"])
        assert cursor.fetchall() == [("two",)]

    assert rows(cursor) == [("x", "one"), ("y", "two")]


# ── Nothing is left of it ─────────────────────────────────────────────────────────────────────────────────


def test_each_statement_states_anew(probe, stated):
    probe.execute("INSERT INTO probe (a) VALUES ('x')")
    stated.value = "two"
    probe.execute("INSERT INTO probe (a) VALUES ('y')")

    assert rows(probe) == [("x", "one"), ("y", "two")]


def test_a_savepoint_rolled_back_brings_nobody_back(probe, stated):
    probe.execute("INSERT INTO probe (a) VALUES ('x')")
    savepoint = transaction.savepoint()
    stated.value = "two"
    probe.execute("INSERT INTO probe (a) VALUES ('gone')")
    transaction.savepoint_rollback(savepoint)
    probe.execute("INSERT INTO probe (a) VALUES ('y')")

    assert rows(probe) == [("x", "one"), ("y", "two")]


def test_in_autocommit_it_holds_for_one_statement(autocommit_probe, stated):
    autocommit_probe.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])

    autocommit_probe.execute(f"SELECT {STATED}")
    assert autocommit_probe.fetchone() == (None,)
    with pytest.raises(IntegrityError):
        autocommit_probe.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])
    assert rows(autocommit_probe) == [("x", "one")]


def test_after_a_transaction_nothing_is_left(autocommit_probe):
    with transaction.atomic():
        autocommit_probe.execute("INSERT INTO probe (a) VALUES (%s)", ["x"])

    autocommit_probe.execute(f"SELECT {STATED}")
    assert autocommit_probe.fetchone() == (None,)


def test_what_must_stand_alone_stands_alone(autocommit_probe):
    autocommit_probe.execute("VACUUM probe")
    autocommit_probe.execute("REINDEX TABLE CONCURRENTLY accounts_botcommand")


# ── Which connections have it ─────────────────────────────────────────────────────────────────────────────


def test_every_connection_of_django_has_it(db, stated):
    found = []

    def look() -> None:
        with connection.cursor() as cursor:
            found.append(isinstance(cursor.cursor, StatingCursor))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert found == [True]
    assert isinstance(connection.connection.cursor(), StatingCursor)


def test_those_who_connect_by_themselves_do_not(db):
    assert connection.get_connection_params()["cursor_factory"] is base.Cursor


def test_a_connection_that_binds_on_the_server_keeps_its_cursor(transactional_db, stated):
    other = connection.copy()
    other.settings_dict = other.settings_dict | {"OPTIONS": {"server_side_binding": True}}
    try:
        with other.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE probe AS SELECT %s::text AS a, {STATED} AS stated", ["x"])
            cursor.execute("SELECT a, stated FROM probe")
            assert cursor.fetchall() == [("x", None)]
            assert type(cursor.cursor) is base.ServerBindingCursor
    finally:
        other.close()


def test_without_a_setting_nothing_is_stated(probe, monkeypatch):
    monkeypatch.setattr(module, "_setting", None)

    probe.execute("INSERT INTO probe (a) VALUES ('x')")
    probe.executemany("INSERT INTO probe (a) VALUES (%s)", [["y"]])

    assert rows(probe) == [("x", None), ("y", None)]
