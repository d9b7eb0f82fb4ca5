"""The embedded PostgreSQL: started by whoever connects first, shared by every process, stopped by nobody.

Everything rests on one lock file. Whoever starts the server takes an exclusive `flock` on it, and the server
inherits the open file. The kernel therefore keeps the lock exactly as long as the starter, initdb, the
postmaster or any of its backends lives, whatever way they die: a free lock proves that nothing of ours runs.
Process ids prove nothing, they are reused.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from config.database import cluster
from config.database.binaries import bundled_programs, programs_for
from config.database.errors import EmbeddedPostgresUnavailable
from config.database.placement import Placement, place

PORT = 5432
LONGEST_SOCKET_PATH = 103  # bytes of sockaddr_un.sun_path on macOS without the closing NUL; Linux has 107
START_TIMEOUT = 180.0  # seconds; a big database that crashed replays its log first
MOST_STARTS = 3  # by one call: it may be killed while it starts
POLL_INTERVAL = 0.05  # seconds
LARGEST_LOG = 5_000_000  # bytes

# Given at every start, so that an upgrade reaches clusters that exist. What people write must never be in the
# log: a failed statement is told to the client, the log keeps what concerns the server, without details.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    # As cheap as on solid-state disks: else a filter on what is rare lately walks a long table to its end.
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_parameter_max_length": "0",
    "log_statement": "none",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class EmbeddedServer:
    """One PostgreSQL server that belongs to the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._placement: Placement | None = None

    @property
    def placement(self) -> Placement:
        if self._placement is None:
            with _as_one_sentence():
                self._placement = place(self.root)
        return self._placement

    @property
    def lock_file(self) -> Path:
        return self.placement.home / "server.lock"

    @property
    def log_file(self) -> Path:
        return self.placement.home / "server.log"

    @property
    def socket_folder(self) -> Path:
        """Beside the data, or a short path where a socket's would be too long or libpq would split it.

        Named after the data folder's inode: a server whose folder was deleted leaves within a minute, and
        takes the sockets with it that it finds under its old path. There has to be a cluster.
        """
        with _as_one_sentence():
            data = self.placement.data.stat()
        folder = self.placement.home / f"socket-{data.st_ino:x}"
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and "," not in str(folder):
            return folder
        # Not gettempdir(): every process has to find the same folder, whatever its TMPDIR.
        name = f"switchboard-{self.placement.uid}-{data.st_dev:x}-{data.st_ino:x}"
        return Path("/tmp", name)  # noqa: S108 - private_folder() checks it

    def connection_params(self) -> dict[str, str]:
        """Return the libpq parameters that lead to the server, whether it runs or not; needs a cluster."""
        return {"host": str(self.socket_folder), "port": str(PORT), "user": cluster.SUPERUSER}

    @property
    def client_program(self) -> Path:
        """The bundled `psql`."""
        return bundled_programs() / "psql"

    def is_running(self) -> bool:
        """Tell, without connecting, whether the server lives; it may still be starting."""
        try:
            with self._lock(fcntl.LOCK_SH) as lock:
                return lock is None
        except FileNotFoundError:  # the folder was deleted
            return False

    def ensure(self, database: str | None = None) -> None:
        """Start the server unless it answers already; create `database` when it is missing.

        Waits while another process does the same. Raises `EmbeddedPostgresError`, or
        `EmbeddedPostgresUnavailable` when the server did not start this time.
        """
        with _as_one_sentence():
            self._placement = place(self.root)  # again: the folder may have been deleted or moved since
            self._wait_until_it_answers()
        if database is not None:
            self._create(database)

    def stop(self) -> bool:
        """Disconnect everybody and stop the server; tell whether it was running."""
        with _as_one_sentence():
            # An answer proves that the process id in the file is the living server's, not a stranger's.
            if not self.is_running() or self._ping() == pq.Ping.NO_RESPONSE:
                return False
            pid = int((self.placement.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast shutdown"
            deadline = time.monotonic() + START_TIMEOUT
            while self.is_running():
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresUnavailable(
                        f"The embedded PostgreSQL (process {pid}) does not stop."
                    )
                time.sleep(POLL_INTERVAL)
        return True

    def _ping(self) -> pq.Ping:
        if cluster.is_empty(self.placement):
            return pq.Ping.NO_RESPONSE
        params = self.connection_params() | {"dbname": "postgres", "connect_timeout": "5"}
        return pq.Ping(pq.PGconn.ping(make_conninfo(**params).encode()))

    @contextlib.contextmanager
    def _lock(self, kind: int) -> Iterator[int | None]:
        """Yield the lock's file descriptor, or None when the server or its starter holds it."""
        lock = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(lock, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                held_by_us = None
            else:
                held_by_us = lock
            yield held_by_us
        finally:
            os.close(lock)

    def _wait_until_it_answers(self) -> None:
        starts = 0
        deadline = time.monotonic() + START_TIMEOUT
        while self._ping() != pq.Ping.OK:
            with self._lock(fcntl.LOCK_EX) as lock:
                if lock is not None:
                    if starts == MOST_STARTS:
                        raise EmbeddedPostgresUnavailable(
                            f"The embedded PostgreSQL did not start ({self._last_words()}): "
                            f"see {self.log_file}."
                        )
                    self._start(lock)
                    starts += 1
            if time.monotonic() > deadline:
                raise EmbeddedPostgresUnavailable(
                    f"The embedded PostgreSQL has not answered for {START_TIMEOUT:.0f} seconds: "
                    f"see {self.log_file}."
                )
            time.sleep(POLL_INTERVAL)

    def _start(self, lock: int) -> None:
        data = self.placement.data
        programs = programs_for(self.placement)
        if cluster.is_empty(self.placement):
            cluster.initialise(self.placement, programs, lock)
        cluster.check(self.placement)
        self.placement.private_folder(self.socket_folder)
        # Left by a crash; PostgreSQL believes them when their process id has since been given to another.
        for stale in (data / "postmaster.pid", self.socket_folder / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)
        folders = str(self.socket_folder).replace('"', '""')
        settings = SERVER_SETTINGS | {"port": str(PORT), "unix_socket_directories": f'"{folders}"'}
        with self._open_log() as log:
            # Root must not leave files behind that their owner cannot open.
            self.placement.give(self.lock_file)
            self.placement.give(self.log_file)
            # The shell leaves at once, so that the server is nobody's child and no zombie stays behind.
            self.placement.run(
                *("/bin/sh", "-c", '"$0" "$@" &', programs / "postgres", "-D", data),
                *(argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")),
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,
            )

    def _open_log(self) -> IO[bytes]:
        if self.log_file.exists() and self.log_file.stat().st_size > LARGEST_LOG:
            self.log_file.replace(self.log_file.with_suffix(".log.old"))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.fdopen(os.open(self.log_file, flags, 0o600), "ab")

    def _last_words(self) -> str:
        return cluster.complaint(self.log_file.read_bytes()[-4000:].decode(errors="replace"))

    def _create(self, database: str) -> None:
        address = make_conninfo(**self.connection_params(), dbname="postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone()
            if found is None:
                # template0: nobody can be connected to it, which would make the statement fail.
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database))
                # Another process may create it at the same moment.
                with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(statement)


@contextlib.contextmanager
def _as_one_sentence() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresUnavailable(
            f"The embedded PostgreSQL cannot use {error.filename or 'the disk'} ({error.strerror or error}): "
            "correct that, or set DATABASE_URL."
        ) from error
