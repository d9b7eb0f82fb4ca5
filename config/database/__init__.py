"""Which PostgreSQL the project uses: the one that the environment names, or an embedded one.

`from_environment` is for settings. `config.postgresql` is the Django backend, which starts the embedded
server on the first connection. `python -m config.database` shows its state or stops it.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from config.database.environment import embedded_root, from_environment
from config.database.errors import EmbeddedPostgresError, EmbeddedPostgresUnavailable

if TYPE_CHECKING:
    from config.database.server import EmbeddedServer

__all__ = [
    "EmbeddedPostgresError",
    "EmbeddedPostgresUnavailable",
    "embedded_root",
    "embedded_server",
    "from_environment",
]


@cache
def embedded_server(root: str) -> EmbeddedServer:
    """Return the server that keeps its files in `root`; it is not started yet."""
    if sys.platform == "win32":
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL does not run on Windows: install PostgreSQL and set DATABASE_URL."
        )
    from config.database.server import EmbeddedServer  # needs a POSIX system

    return EmbeddedServer(Path(root))
