"""The whole house as `make run` has it: web with the sandbox, and the bot, on a database of their own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.databases import Database, fresh_database
from tests.e2e.people import OPERATOR, PASSWORD, Person, sign_in
from tests.e2e.windows import ARGUMENTS
from tests.processes import Processes, Running, free_port, listens, wait_until

FILL_DEMO = "from telegrambot.sandbox import demo; demo.fill()"


def _environment(database: Database, port: int) -> dict[str, str]:
    return {
        "DEBUG": "true",
        "DATABASE_URL": database.url,
        "PORT": str(port),
        "TELEGRAM_BOT_TOKEN": "",
        "TELEGRAM_WEBHOOK_SECRET": "a-secret-of-the-tests",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }


@dataclass
class House:
    """The running processes, and ways in."""

    port: int
    database: Database
    processes: Processes
    web: Running
    browsers: contextlib.ExitStack

    @property
    def root(self) -> str:
        """The address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    def start_bot(self, *options: str) -> Running:
        """Start `manage.py runbot` and wait until it runs."""
        bot = self.processes.manage("runbot", *options)
        bot.wait_for("is running", seconds=30)
        return bot

    def person(self, username: str) -> Person:
        """One of the demo's people."""
        return Person.named(username, self.root, self.database, self._browser())

    def operator(self) -> httpx.Client:
        """A browser signed in to the admin."""
        browser = self._browser()
        sign_in(browser)
        return browser

    def _browser(self) -> httpx.Client:
        client = httpx.Client(base_url=self.root, trust_env=False, timeout=30, follow_redirects=True)
        return self.browsers.enter_context(client)


@pytest.fixture(scope="session")
def furnished(server: Database, template: str, tmp_path_factory) -> Iterator[str]:
    """The name of a database with the demo and an operator in it, to copy for each house."""
    with fresh_database(server, template=template) as database:
        folder: Path = tmp_path_factory.mktemp("furnished")
        with Processes(folder, _environment(database, free_port())) as processes:
            processes.run("shell", "--command", FILL_DEMO)
            processes.run(
                "createsuperuser", "--noinput", "--username", OPERATOR, "--email", "operator@example.org"
            )
        yield database.params["dbname"]


@pytest.fixture(scope="module")
def house_without_bot(server: Database, furnished: str, tmp_path_factory) -> Iterator[House]:
    """Web and sandbox; the bot is left to the test."""
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("house")
    with (
        fresh_database(server, template=furnished) as database,
        Processes(folder, _environment(database, port)) as processes,
    ):
        command = (
            f"-m granian --interface wsgi config.wsgi:application --host 127.0.0.1 --port {port} "
            "--workers 1 --blocking-threads 16 --workers-kill-timeout 3 --no-ws"
        )
        web = processes.start("web", [sys.executable, *command.split()])
        wait_until(lambda: listens(port) or not web.is_alive, "the web process", seconds=30)
        with contextlib.ExitStack() as browsers:
            yield House(port, database, processes, web, browsers)
    sys.stdout.write(processes.logs())


@pytest.fixture(scope="module")
def house(house_without_bot: House) -> House:
    """Web, sandbox and a polling bot."""
    house_without_bot.start_bot()
    return house_without_bot


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium of this test's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()
