"""Where the embedded server keeps its files, and which user runs it.

An ordinary user runs the server as himself, with everything below the checkout. PostgreSQL refuses to run as
root, so root lends it an unprivileged account, and keeps what that account could not reach in
`/var/lib/switchboard`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.database.errors import EmbeddedPostgresError

ACCOUNT = "switchboard-postgres"
# The account of a packaged PostgreSQL is trusted with databases anyway; `nobody` is shared with strangers.
SPARE_ACCOUNT = "postgres"
STATE_DIR = Path("/var/lib/switchboard")


@dataclass(frozen=True)
class Placement:
    """The folder of one embedded server, and the user and group that own its data and run it."""

    home: Path
    uid: int
    gid: int

    @property
    def data(self) -> Path:
        return self.home / "data"

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as the server's user, in a bare environment: ours holds secrets."""
        if self.uid != os.geteuid():
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            **options,
        )

    def reaches(self, folder: Path) -> bool:
        """Tell whether the server's user may enter `folder`, by trying."""
        return self.run("/bin/sh", "-c", 'cd -- "$0"', folder, capture_output=True).returncode == 0

    def give(self, path: Path) -> None:
        """Make the server's user the owner of `path`."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def private_folder(self, path: Path) -> None:
        """Create `path` for the server's user alone; refuse one that somebody else could have prepared."""
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            found = path.lstat()
            if (
                not stat.S_ISDIR(found.st_mode)
                or found.st_mode & 0o077
                or found.st_uid not in (self.uid, os.geteuid())
            ):
                raise EmbeddedPostgresError(
                    f"{path} is not a private folder of user {user_name(self.uid)}: "
                    "remove it and start again."
                ) from None
        self.give(path)


def place(root: Path) -> Placement:
    """Return the placement of the server that belongs to `root`; create its folder.

    `root` becomes a symbolic link when the files have to live elsewhere: a checkout that is moved keeps its
    database, and one whose `var` is deleted begins with a new one.
    """
    if os.geteuid() != 0:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        placement = Placement(root.resolve(), os.geteuid(), os.getegid())
        owner = placement.data.stat().st_uid if placement.data.exists() else placement.uid
        if owner != placement.uid:
            raise EmbeddedPostgresError(
                f"{placement.data} belongs to user {user_name(owner)}: "
                "start this as that user or as root, or set DATABASE_URL."
            )
        return placement
    if (data := root / "data").exists():
        found = data.stat()
        if found.st_uid == 0:
            raise EmbeddedPostgresError(
                f"{data} belongs to root, whom PostgreSQL refuses: give it to another user with chown -R."
            )
        return Placement(root.resolve(), found.st_uid, found.st_gid)
    account = _unprivileged_account()
    if not root.is_symlink():
        root.parent.mkdir(parents=True, exist_ok=True)
        if not Placement(root, account.pw_uid, account.pw_gid).reaches(root.parent):
            _relocate(root)
    home = root.resolve()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    return Placement(home, account.pw_uid, account.pw_gid)


def _relocate(root: Path) -> None:
    home = STATE_DIR / secrets.token_hex(8)
    home.mkdir(parents=True)
    STATE_DIR.chmod(0o755)
    if root.is_dir():
        root.rmdir()
    try:
        root.symlink_to(home)
    except FileExistsError:  # another process was faster
        home.rmdir()


def _unprivileged_account() -> pwd.struct_passwd:
    """Return the account that runs PostgreSQL for root; create it when it is missing."""
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    for _attempt in range(10):
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            if useradd is None:
                break
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            time.sleep(0.2)  # another process may be at it: useradd refuses while /etc/passwd is locked
    try:
        return pwd.getpwnam(SPARE_ACCOUNT)
    except KeyError:
        raise EmbeddedPostgresError(
            "PostgreSQL refuses to run as root: start this as an ordinary user, "
            f"create a system user {ACCOUNT}, or set DATABASE_URL."
        ) from None


def user_name(uid: int) -> str:
    """Return the name of a user, or the number of one who has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
