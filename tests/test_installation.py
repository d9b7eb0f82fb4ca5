"""What make run and make test do before anything is installed."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install, port
from tests.project import ROOT


def run_install(environment: Path, requirements: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "install.py"), str(environment), str(requirements)],
        env=os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_installs_once_and_again_when_requirements_change(tmp_path):
    environment = tmp_path / "odd folder" / ".venv"
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    development = tmp_path / "requirements-dev.txt"
    development.write_text("-r requirements.txt\n")

    first = run_install(environment, development)
    assert first.returncode == 0, first.stderr
    assert "Creating" in first.stdout
    # What includes the other file has installed that one too.
    assert run_install(environment, requirements).stdout == ""
    assert run_install(environment, development).stdout == ""

    requirements.write_text("# something else\n")
    again = run_install(environment, development)
    assert "Installing" in again.stdout
    assert "Creating" not in again.stdout

    requirements.write_text("no-such-package==1.0\n")
    failed = run_install(environment, requirements)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("pip could not install what")
    assert not install.is_current(environment, requirements), "a failed installation must be tried again"


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "precious.txt").write_text("kept")
    refused = run_install(tmp_path, ROOT / "requirements.txt")
    assert refused.returncode == 1
    assert "is no virtual environment" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert (tmp_path / "precious.txt").read_text() == "kept"


def test_a_missing_venv_module_is_one_sentence(tmp_path, monkeypatch):
    # As on Debian without python3-venv.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(install.InstallationError, match=r"apt-get install python3\.\d+-venv"):
        install.install(tmp_path / "env", ROOT / "requirements.txt")


@pytest.mark.parametrize("text", ["abc", "0", "65536", "80.5"])
def test_a_port_that_is_none_is_one_sentence(text):
    refused = subprocess.run(
        [sys.executable, "-m", "scripts.port"],
        cwd=ROOT,
        env=os.environ | {"PORT": text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "PORT must be a whole number from 1 to 65535.\n"


def test_a_taken_port_is_told_before_anything_starts():
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(port.PortError, match=f"Port {taken} is taken"):
            port.usable_port(taken)
    assert port.usable_port(taken) == taken
