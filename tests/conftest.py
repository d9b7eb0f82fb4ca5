"""What tests with real processes share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database, fresh_database, project_server
from tests.processes import Processes, start_stand_in

# The project's apps and one with views that record, and views that misbehave.
SETTINGS = "tests.crash.settings"


@pytest.fixture(scope="session")
def server() -> Database:
    """The PostgreSQL server to make databases on."""
    return project_server()


@pytest.fixture(scope="session")
def template(server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    with fresh_database(server) as database:
        environment = {"DJANGO_SETTINGS_MODULE": SETTINGS, "DATABASE_URL": database.url, "DEBUG": "true"}
        environment["TELEGRAM_BOT_TOKEN"] = ""
        with Processes(tmp_path_factory.mktemp("template"), environment) as processes:
            processes.run("migrate", "--run-syncdb", "--verbosity", "0")
        yield database.params["dbname"]


@pytest.fixture
def database(server: Database, template: str) -> Iterator[Database]:
    """A migrated, empty database of this test's own."""
    with fresh_database(server, template=template) as database:
        yield database


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Starts processes for this test; ends them with it."""
    with Processes(tmp_path) as processes:
        yield processes
    # pytest shows this with a test that failed, and with no other.
    sys.stdout.write(processes.logs())


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandInClient]:
    """A Bot API stand-in of this test's own."""
    with Processes(tmp_path) as processes:
        yield start_stand_in(processes)[1]
