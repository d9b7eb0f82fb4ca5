"""Real processes for tests and measurements: bot, web, a Bot API stand-in.

Each leads a process group of its own, writes into a log file, and is killed when its `with` block ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database

ROOT = Path(__file__).resolve().parent.parent
MANAGE = (sys.executable, str(ROOT / "manage.py"))
TOKEN = "7000001:a-token-that-only-the-stand-in-knows"


class NotYet(AssertionError):
    """Something that was waited for did not come in time."""


def wait_until(condition: Callable[[], Any], what: str, *, seconds: float = 20.0, every: float = 0.05) -> Any:
    """Return the first true result of `condition`.

    Raises:
        NotYet: there was none within `seconds`; names `what` and the last result.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise NotYet(f"Waited {seconds:.0f} s for {what}; got {result!r}.")
        time.sleep(every)
    return result


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of the loopback interface."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Running:
    """A process that was started, and the file it writes to."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """`kill -9` for it and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, *, seconds: float = 10.0) -> int:
        """SIGTERM, as an operator stops it; its exit code.

        Raises:
            NotYet: it still runs after `seconds`.
        """
        self.process.terminate()
        return self.exit_code(seconds=seconds)

    def exit_code(self, *, seconds: float = 20.0) -> int:
        """Wait until it ends by itself.

        Raises:
            NotYet: it still runs after `seconds`.
        """
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise NotYet(
                f"{self.log.stem} still runs after {seconds:.0f} s:\n{self.output[-3000:]}"
            ) from None

    def wait_for(self, text: str, *, seconds: float = 20.0) -> None:
        """Wait until it has written `text`.

        Raises:
            NotYet: it ended or took longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        while text not in self.output:
            if not self.is_alive or time.monotonic() > deadline:
                raise NotYet(f"{self.log.stem} did not write {text!r}:\n{self.output[-3000:]}")
            time.sleep(0.05)


class Processes:
    """Starts processes in one environment; kills what is left of them at the end.

    Args:
        folder: where the log files go.
        environment: variables on top of the inherited ones.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = dict(environment or {})
        self.all: list[Running] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self.all:
            running.kill()

    def logs(self) -> str:
        """The end of what each process wrote."""
        return "\n".join(f"--- {running.log.name}\n{running.output[-6000:]}" for running in self.all)

    def start(self, name: str, command: Sequence[str], **environment: str) -> Running:
        """Start a command; its log is `<number>-<name>.log`."""
        log = self.folder / f"{len(self.all):02}-{name}.log"
        variables = {**os.environ, "PYTHONUNBUFFERED": "1", **self.environment, **environment}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=variables,
                start_new_session=True,
            )
        self.all.append(Running(process, log))
        return self.all[-1]

    def manage(self, *arguments: str, **environment: str) -> Running:
        """Start a management command."""
        return self.start(arguments[0], [*MANAGE, *arguments], **environment)

    def run(self, *arguments: str, seconds: float = 60.0, **environment: str) -> str:
        """Run a management command to its end; what it wrote.

        Raises:
            AssertionError: it failed.
        """
        running = self.manage(*arguments, **environment)
        code = running.exit_code(seconds=seconds)
        assert code == 0, f"{' '.join(arguments)} ended with {code}:\n{running.output}"
        return running.output


def start_stand_in(processes: Processes, port: int | None = None) -> tuple[Running, StandInClient]:
    """Start a Bot API stand-in, on a port of its own unless one is given."""
    port = port or free_port()
    command = [sys.executable, "-m", "benchmarks.bot_api_stand_in", "--port", str(port)]
    server = processes.start("stand-in", command)
    wait_until(lambda: listens(port) or not server.is_alive, "the stand-in")
    return server, StandInClient(port)


def bot_environment(database: Database, stand_in: StandInClient, **more: str) -> dict[str, str]:
    """The variables of a bot that talks to a stand-in, without limits on sending."""
    return {
        "DEBUG": "true",
        "DATABASE_URL": database.url,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": stand_in.url,
        "MESSAGES_PER_SECOND": "0",
        "MESSAGES_PER_SECOND_IN_CHAT": "0",
        **more,
    }
