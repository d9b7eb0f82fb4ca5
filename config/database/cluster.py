"""The data folder of the embedded server: made whole or not at all, and checked before it is used."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from config.database.binaries import MAJOR_VERSION
from config.database.errors import EmbeddedPostgresError, EmbeddedPostgresUnavailable
from config.database.placement import Placement, user_name

SUPERUSER = "postgres"


def is_empty(placement: Placement) -> bool:
    """Tell whether there is no cluster yet."""
    return not placement.data.exists() or not any(placement.data.iterdir())


def initialise(placement: Placement, programs: Path, lock: int) -> None:
    """Make a new cluster, which appears under its name only when it is complete.

    `lock` is the file descriptor that tells others that initdb is at work, even when its starter is killed.
    """
    for unfinished in placement.home.glob(".init-*"):
        shutil.rmtree(unfinished)
    folder = Path(tempfile.mkdtemp(prefix=".init-", dir=placement.home))
    try:
        placement.give(folder)
        # Under the C locale of many servers Russian letters would have no upper and lower case.
        result = placement.run(
            *(programs / "initdb", "-D", folder, "-U", SUPERUSER, "--encoding=UTF8", "--data-checksums"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
        )
        if result.returncode != 0:
            raise EmbeddedPostgresUnavailable(
                f"The embedded PostgreSQL could not be prepared in {placement.home} "
                f"({complaint(result.stdout)}): correct that, or set DATABASE_URL."
            )
        folder.rename(placement.data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def check(placement: Placement) -> None:
    """Refuse a cluster of another PostgreSQL version, and one that its user cannot reach."""
    version_file = placement.data / "PG_VERSION"
    if not version_file.exists():
        raise EmbeddedPostgresError(
            f"{placement.data} holds files but no PostgreSQL database: move them away, or set DATABASE_URL."
        )
    version = version_file.read_text(encoding="ascii", errors="replace").strip()
    if version != str(MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"{placement.data} was made by PostgreSQL {version}, this is version {MAJOR_VERSION}: "
            "dump it with the old version of the project, move the folder away, and restore the dump."
        )
    if not placement.reaches(placement.data):
        raise EmbeddedPostgresError(
            f"User {user_name(placement.uid)}, who owns {placement.data}, may not enter the folders above "
            "it: allow that with chmod a+x, or set DATABASE_URL."
        )


def complaint(output: str) -> str:
    """Return the line of a program's output that says what was wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"]
    # "the database system is starting up" is what those are told who ask too early.
    complaints = [
        line for line in lines if re.search(r"(FATAL|PANIC):  (?!the database system)|error:", line)
    ]
    return (complaints or lines)[-1]
