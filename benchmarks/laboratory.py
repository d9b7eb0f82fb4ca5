"""What every experiment needs: a database of its own, a stand-in, the bots, and a look at the CPU clocks."""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from cryptography.fernet import Fernet

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database, fresh_database
from tests.processes import Processes, Running, bot_environment, start_stand_in, wait_until

SETTINGS = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
PRODUCTS = """
INSERT INTO benchmarks_product (title, category)
SELECT 'product ' || n, 'category ' || n % 6 FROM generate_series(1, 50) AS n
"""


@dataclass
class Laboratory:
    """One experiment's setting: nothing in it was used before."""

    database: Database
    stand_in: StandInClient
    processes: Processes

    def start_engine(self, **environment: str) -> Running:
        """Start the product, one process that does everything."""
        return self._ready(self.processes.manage("runbot", **environment))

    def start_another_process(self) -> Running:
        """Start one more process of the product, which shares the work of the first."""
        bot = self.processes.manage("runbot", "--no-polling")
        wait_until(lambda: "is running" in bot.output, "another process", seconds=60)
        return bot

    def start_bare_bot(self) -> Running:
        """Start what it is compared with."""
        return self._ready(self.processes.start("bare", [sys.executable, "-m", "benchmarks.echo_bot"]))

    def _ready(self, bot: Running) -> Running:
        def polls() -> bool:
            if not bot.is_alive:
                raise RuntimeError(f"The bot ended:\n{bot.output[-3000:]}")
            return bool(self.stand_in.state()["calls"].get("getUpdates"))

        wait_until(polls, "the bot's first poll", seconds=60)
        return bot

    def backend_cpu_seconds(self) -> float:
        """CPU time that the server processes behind this database's connections have used."""
        pids = self.database.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return sum(cpu_seconds(pid) for (pid,) in pids)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used; 0 when it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextlib.contextmanager
def prepared_template(server: Database) -> Iterator[str]:
    """A migrated database to copy from; yields its name."""
    with (
        fresh_database(server) as template,
        tempfile.TemporaryDirectory() as folder,
        Processes(
            Path(folder),
            {**SETTINGS, "DEBUG": "true", "DATABASE_URL": template.url, "TELEGRAM_BOT_TOKEN": ""},
        ) as processes,
    ):
        processes.run("migrate", "--run-syncdb", "--verbosity", "0", seconds=120)
        template.rows(PRODUCTS)
        yield template.params["dbname"]


@contextlib.contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Django's own connection leads to another database of the same server."""
    from django.db import connection

    home = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = home


def production() -> dict[str, str]:
    """What turns DEBUG off, as where it matters: with it on, Django records every statement."""
    return {
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "localhost",
    }


@contextlib.contextmanager
def laboratory(server: Database, template: str) -> Iterator[Laboratory]:
    """A fresh database, a fresh stand-in, no bot yet; all gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_database(server, template=template) as database,
        Processes(Path(folder), SETTINGS) as processes,
    ):
        _, stand_in = start_stand_in(processes)
        processes.environment |= bot_environment(database, stand_in) | production()
        yield Laboratory(database, stand_in, processes)
