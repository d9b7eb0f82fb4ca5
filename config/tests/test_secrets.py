"""Secrets made once and kept."""

from __future__ import annotations

import itertools
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from config.secrets import kept_secret


def test_a_secret_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "var" / "key"
    numbers = itertools.count()

    assert kept_secret(path, lambda: f"made {next(numbers)}") == "made 0"
    assert kept_secret(path, lambda: f"made {next(numbers)}") == "made 0"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_an_editors_line_end_is_no_part_of_it(tmp_path):
    (tmp_path / "key").write_text("abc\n")
    assert kept_secret(tmp_path / "key", lambda: "other") == "abc"


def test_whoever_is_first_makes_it_for_all(tmp_path):
    together, numbers = Barrier(8), itertools.count()

    def make() -> str:
        together.wait()
        return f"made {next(numbers)}"

    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: kept_secret(tmp_path / "key", make), range(8)))

    assert len(secrets) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
