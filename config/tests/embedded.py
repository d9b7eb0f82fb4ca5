"""Folders for embedded servers that tests start, cleaned up afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from config.database.server import SERVER_SETTINGS, EmbeddedServer

AS_ROOT = os.geteuid() == 0
BASE_DIR = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def checkout_folder() -> Iterator[Path]:
    """A folder as a fresh clone has it. Root's tmp_path of pytest is closed to PostgreSQL's user."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-test-", dir=_memory_folder()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _memory_folder() -> str | None:
    """A roomy folder in memory, if there is one: initdb syncs a thousand files, slow on a busy disk."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK | os.X_OK) or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return None
    return memory if shutil.disk_usage(memory).free > 2_000_000_000 else None


@contextlib.contextmanager
def server_in(root: Path) -> Iterator[EmbeddedServer]:
    """A server that is not started yet; stopped at the end, nothing of it stays behind."""
    server = EmbeddedServer(root)
    try:
        # No test cuts the power: what a killed process has written stays written.
        with patch.dict(SERVER_SETTINGS, fsync="off"):
            yield server
    finally:
        if server.is_running():
            os.kill(postmaster(server), signal.SIGQUIT)  # without the checkpoint of an orderly stop
            wait_until_gone(server)
        if server.placement.data.exists():
            shutil.rmtree(server.socket_folder, ignore_errors=True)
        shutil.rmtree(server.placement.home, ignore_errors=True)


def postmaster(server: EmbeddedServer) -> int:
    """The process id of the running server."""
    return int((server.placement.data / "postmaster.pid").read_text().split("\n", 1)[0])


def crash(server: EmbeddedServer) -> int:
    """Kill the server the hard way; return the process id that it had."""
    pid = postmaster(server)
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_until_gone(server: EmbeddedServer) -> None:
    """Wait for the backends of a crashed server, which live a moment longer."""
    while server.is_running():
        time.sleep(0.01)


def start_elsewhere(server: EmbeddedServer, **options: object) -> subprocess.Popen[str]:
    """Start the server from a process of its own."""
    program = (
        "import sys; from pathlib import Path; from config.database.server import EmbeddedServer;"
        "EmbeddedServer(Path(sys.argv[1])).ensure('app')"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(server.root)],
        cwd=BASE_DIR,
        text=True,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )
