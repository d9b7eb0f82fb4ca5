from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from procrastinate.contrib.django.utils import connector_params

from config.database import EmbeddedPostgresError, embedded_server, from_environment
from config.database.server import EmbeddedServer
from config.environment import Environment
from config.postgresql import base
from config.tests.embedded import checkout_folder, crash, postmaster, server_in, wait_until_gone


class EmptyEnvironment(Environment):
    ENVIRON: dict[str, str] = {}


@pytest.fixture(scope="module")
def databases() -> Iterator[dict]:
    with checkout_folder() as folder:
        settings = from_environment(EmptyEnvironment(), base_dir=folder, name="board")
        with server_in(folder / "var" / "postgres"):
            yield {"default": settings}


@pytest.fixture
def server(databases: dict) -> EmbeddedServer:
    return embedded_server(databases["default"]["EMBEDDED"]["root"])


@pytest.fixture
def connection(databases: dict, django_db_blocker) -> Iterator[base.DatabaseWrapper]:
    """A connection as another process would make it; pytest-django guards only the project's own database."""
    with django_db_blocker.unblock():
        connection = connect_anew(databases)
        yield connection
        connection.close()


def connect_anew(databases: dict, **changes: object) -> base.DatabaseWrapper:
    connection = ConnectionHandler({"default": {**databases["default"], **changes}})["default"]
    assert isinstance(connection, base.DatabaseWrapper)
    return connection


def ask(connection: base.DatabaseWrapper, query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def forbid_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(self: EmbeddedServer, database: str | None = None) -> None:
        raise AssertionError("nothing had to be started")

    monkeypatch.setattr(EmbeddedServer, "ensure", ensure)


def test_settings_start_nothing_and_the_first_connection_starts_it(django_db_blocker):
    with checkout_folder() as folder, django_db_blocker.unblock():
        settings = from_environment(EmptyEnvironment(), base_dir=folder, name="board")
        connection = connect_anew({"default": settings})
        assert list(folder.iterdir()) == []
        with server_in(folder / "var" / "postgres"):
            assert ask(connection, "SELECT current_database()") == "board"
            connection.close()


def test_a_missing_database_is_created(connection):
    assert ask(connection, "SELECT current_database()") == "board"


def test_a_second_connection_asks_no_further(connection, databases, monkeypatch):
    connection.ensure_connection()
    forbid_starting(monkeypatch)
    second = connect_anew(databases)
    assert ask(second, "SELECT 1") == 1
    second.close()


def test_a_database_that_was_dropped_is_created_again(connection, databases):
    connection.ensure_connection()
    connection.close()
    with connect_anew(databases, NAME="postgres").cursor() as cursor:
        cursor.execute("DROP DATABASE board")
        assert ask(connection, "SELECT current_database()") == "board"
        cursor.db.close()


def test_databases_of_tests_are_left_to_django(connection, databases):
    test_database = connect_anew(databases, NAME="test_board_gw1")
    with pytest.raises(OperationalError, match="does not exist"):
        test_database.ensure_connection()
    with test_database._nodb_cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone()[0] == "postgres"
        cursor.execute("CREATE DATABASE test_board_gw1")
    assert ask(test_database, "SELECT current_database()") == "test_board_gw1"
    test_database.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute("DROP DATABASE test_board_gw1")


def test_a_crashed_server_is_started_by_the_next_connection(connection, server):
    connection.ensure_connection()
    old = crash(server)
    wait_until_gone(server)
    with pytest.raises(OperationalError):
        ask(connection, "SELECT 1")
    connection.close()
    assert ask(connection, "SELECT 1") == 1
    assert postmaster(server) != old


def test_a_health_check_finds_out_about_a_crash(connection, server):
    connection.ensure_connection()
    crash(server)
    wait_until_gone(server)
    connection.health_check_done = False
    connection.close_if_health_check_failed()
    assert ask(connection, "SELECT 1") == 1


def test_a_server_that_dies_before_the_connection_is_made_is_started(connection, server):
    params = connection.get_connection_params()
    server.stop()
    raw = connection.get_new_connection(params)
    assert raw.execute("SELECT current_database()").fetchone() == ("board",)
    raw.close()


def test_procrastinate_gets_parameters_that_work(connection, server, monkeypatch, databases):
    monkeypatch.setattr("procrastinate.contrib.django.utils.connections", {"default": connection})
    server.stop()
    with psycopg.connect(**connector_params()) as raw:
        assert raw.execute("SELECT current_database()").fetchone() == ("board",)


def test_an_old_server_is_refused_and_not_used_afterwards(connection, monkeypatch):
    monkeypatch.setattr(base, "OLDEST_VERSION", 99_00_00)
    for _ in range(2):
        with pytest.raises(ImproperlyConfigured, match="has version 18, Switchboard needs 14 or later"):
            connection.ensure_connection()
    assert connection.connection is None


def test_a_named_server_is_never_replaced_by_the_embedded_one(
    databases, server, django_db_blocker, monkeypatch
):
    forbid_starting(monkeypatch)
    named = {key: value for key, value in databases["default"].items() if key != "EMBEDDED"}
    with django_db_blocker.unblock(), pytest.raises(OperationalError):
        connect_anew({"default": named}, HOST=str(server.socket_folder), PORT="1").ensure_connection()


def test_what_a_person_has_to_correct_is_no_passing_database_error(django_db_blocker):
    with checkout_folder() as folder, django_db_blocker.unblock():
        (folder / "var" / "postgres" / "data").mkdir(parents=True)
        settings = from_environment(EmptyEnvironment(), base_dir=folder, name="board")
        (folder / "var" / "postgres" / "data" / "PG_VERSION").write_text("17")
        with pytest.raises(EmbeddedPostgresError):
            connect_anew({"default": settings}).ensure_connection()


def test_a_failed_start_is_an_operational_error(django_db_blocker):
    with checkout_folder() as folder, django_db_blocker.unblock():
        (folder / "var").write_text("a file, not a folder")
        settings = from_environment(EmptyEnvironment(), base_dir=folder, name="board")
        with pytest.raises(OperationalError, match="The embedded PostgreSQL cannot use"):
            connect_anew({"default": settings}).ensure_connection()


def test_the_shell_uses_the_bundled_client(connection, server):
    server.stop()
    arguments = ["-Atc", "SELECT current_database()"]
    args, env = connection.client.settings_to_cmd_args_env(connection.settings_dict, arguments)
    assert env is None
    connection.ensure_connection()
    assert subprocess.run(args, check=True, capture_output=True, text=True).stdout == "board\n"


def test_the_shell_of_a_named_server_is_djangos_own(connection):
    settings = {"NAME": "board", "HOST": "db.internal", "OPTIONS": {}}
    args, _env = connection.client.settings_to_cmd_args_env(settings, [])
    assert args == ["psql", "-h", "db.internal", "board"]
