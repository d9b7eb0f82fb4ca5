"""Secrets of a development checkout, made once and kept in var/, so that nothing has to be configured."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, generate: Callable[[], str]) -> str:
    """Return the secret in `path`, creating it with `generate` if there is none; safe when processes race."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
        draft.touch(mode=0o600)
        draft.write_text(generate())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is the one
        finally:
            draft.unlink()
        return path.read_text().strip()
