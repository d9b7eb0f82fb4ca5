"""A database that is down, goes away, or is full: updates wait at Telegram; none is lost or done twice."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.database.server import EmbeddedServer
from tests.conftest import SETTINGS
from tests.crash.accounting import ask_to_record
from tests.databases import Database
from tests.processes import Processes, bot_environment, wait_until

OUTAGE_SECONDS = 10
# What PostgreSQL says when it cannot extend a file: error class 53, condition disk_full.
FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION disk_full()
"""
NOT_FULL = "DROP TRIGGER disk_full ON {table}"


@pytest.fixture
def private_server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL server that this test may stop."""
    # Not tmp_path: nobody but its owner may enter that, and a server started by root runs as somebody else.
    with tempfile.TemporaryDirectory(prefix="switchboard-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder) / "postgres")
        server.ensure("switchboard")
        yield server
        server.stop()


def test_down_at_start_and_gone_in_the_middle(private_server, stand_in, tmp_path):
    database = Database({**private_server.connection_params(), "dbname": "switchboard"})
    environment = bot_environment(database, stand_in, DJANGO_SETTINGS_MODULE=SETTINGS)
    with Processes(tmp_path, environment) as processes:
        processes.run("migrate", "--run-syncdb", "--verbosity", "0")
        private_server.stop()
        bot = processes.manage("runbot")
        books = ask_to_record(database, stand_in, updates=300, chats=30)
        time.sleep(4)
        assert bot.is_alive, "it does not wait for its database"
        assert books.said() == 0
        private_server.ensure()
        books.wait_until_said(20, seconds=30)

        private_server.stop()
        stand_in.load(30, chats=30, text="/record late")
        for texts in books.expected.values():
            texts.append("late")
        time.sleep(OUTAGE_SECONDS)
        assert bot.is_alive, "it did not survive the database's absence"
        assert stand_in.state()["unconfirmed"] >= 30
        private_server.ensure()

        books.wait_until_closed(seconds=60)
        books.check()


def test_a_full_disk_leaves_updates_at_telegram(start_bot, database, stand_in):
    database.rows(FULL.format(table="engine_inboundupdate"))
    bot = start_bot()
    books = ask_to_record(database, stand_in, updates=40, chats=20)
    wait_until(lambda: stand_in.state()["calls"].get("getUpdates", 0) >= 2, "a second try", seconds=30)

    assert stand_in.state()["unconfirmed"] == 40
    assert books.said() == 0

    database.rows(NOT_FULL.format(table="engine_inboundupdate"))
    books.wait_until_closed(seconds=30)
    books.check()
    assert bot.is_alive


def test_a_disk_that_fills_up_while_updates_are_handled(start_bot, database, stand_in):
    database.rows(FULL.format(table="engine_processedmessage"))
    bot = start_bot()
    books = ask_to_record(database, stand_in, updates=40, chats=20)
    # The try itself is taken back at once, so a look at the table would hardly ever see it.
    bot.wait_for("Dispatch waits for the database", seconds=60)

    assert database.value("SELECT count(*) FROM crash_effect") == 0
    assert books.said() == 0

    database.rows(NOT_FULL.format(table="engine_processedmessage"))
    books.wait_until_closed(seconds=30)
    books.check()
    assert bot.is_alive
