"""Make a virtual environment hold what a requirements file names; do nothing when it already does.

    python3 scripts/install.py .venv requirements.txt

Uses only the standard library, because it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


class InstallationError(Exception):
    """The environment could not be made; the message tells a person what to do."""


def install(environment: Path, requirements: Path) -> None:
    """Bring `environment` up to `requirements`.

    Raises:
        InstallationError: with one sentence for the person at the keyboard.
    """
    if is_current(environment, requirements):
        return
    with _locked(environment):
        if is_current(environment, requirements):
            return
        if _built_for(environment) != PYTHON_VERSION:
            _build(environment)
        _pip_install(environment, requirements)
        for stamp, digest in _stamps(environment, requirements).items():
            stamp.write_text(digest)


def is_current(environment: Path, requirements: Path) -> bool:
    """Whether `environment` was built by this Python's version for just these requirements."""
    stamp = _stamp(environment, requirements)
    return (
        _python(environment).exists()
        and stamp.exists()
        and stamp.read_text() == _digest(_with_included(requirements))
    )


def _stamps(environment: Path, requirements: Path) -> dict[Path, str]:
    """What is installed after `requirements`: that file, and every file it includes."""
    files = _with_included(requirements)
    return {_stamp(environment, file): _digest(_with_included(file)) for file in files}


def _stamp(environment: Path, requirements: Path) -> Path:
    return environment / f".installed-{requirements.name}"


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256(PYTHON_VERSION.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _with_included(requirements: Path) -> list[Path]:
    included = re.findall(r"^-r\s+(\S+)", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [requirements, *(file for name in included for file in _with_included(requirements.parent / name))]


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _built_for(environment: Path) -> str | None:
    """The Python version of a usable environment, or None."""
    settings = environment / "pyvenv.cfg"
    if not settings.exists() or not os.access(_python(environment), os.X_OK):
        return None
    found = re.search(r"^version\w* = (\d+\.\d+)", settings.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return found.group(1) if found else None


@contextmanager
def _locked(environment: Path) -> Iterator[None]:
    """Two commands started together install one after the other."""
    environment.mkdir(parents=True, exist_ok=True)
    folder = os.open(environment, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _build(environment: Path) -> None:
    if any(environment.iterdir()) and not (environment / "pyvenv.cfg").exists():
        # It would be emptied, and somebody may have mistyped VENV.
        raise InstallationError(f"{environment} is no virtual environment: name another folder with VENV=.")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise InstallationError(
            f"Python {PYTHON_VERSION} is here without its venv module: install it "
            f"(on Debian and Ubuntu: apt-get install python{PYTHON_VERSION}-venv) and try again."
        )
    _tell(f"Creating {environment} with Python {PYTHON_VERSION} …")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=False).returncode:
        raise InstallationError(f"Python's venv module could not create {environment}: see its words above.")


def _pip_install(environment: Path, requirements: Path) -> None:
    _tell(f"Installing what {requirements} names into {environment} (once, a minute or two) …")
    pip = [
        str(_python(environment)),
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--no-input",
    ]
    if subprocess.run([*pip, "--requirement", str(requirements)], check=False).returncode:
        raise InstallationError(
            f"pip could not install what {requirements} names: see its words above, then try again "
            "(behind a mirror, set PIP_INDEX_URL)."
        )


def _tell(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]), Path(sys.argv[2]))
    except InstallationError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The virtual environment could not be prepared: {error}. Name another folder with VENV=.")
    except KeyboardInterrupt:
        sys.exit("Stopped; the next call goes on from here.")
