"""`python -m config.database status|stop`: look at the embedded server of this checkout, or stop it.

It starts again with the next connection. The client's folder, which `status` shows, also holds `pg_dump`;
`python manage.py dbshell` is the short way to a shell.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from config.database import EmbeddedPostgresError, EmbeddedPostgresUnavailable, embedded_root, embedded_server

BASE_DIR = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str], *, base_dir: Path = BASE_DIR) -> str:
    """Carry out the command and return what to show."""
    parser = argparse.ArgumentParser(prog="python -m config.database", description=__doc__)
    parser.add_argument("command", choices=("status", "stop"))
    command = parser.parse_args(arguments).command
    root = embedded_root(base_dir)
    if not (root / "data").exists():
        return f"There is no embedded PostgreSQL in {root}."
    server = embedded_server(str(root))
    if command == "stop":
        return "Stopped." if server.stop() else "It was not running."
    state = "runs" if server.is_running() else "does not run"
    address = server.connection_params()
    client = shlex.join([str(server.client_program), "-h", address["host"], "-U", address["user"]])
    return f"The embedded PostgreSQL {state}. Files: {server.placement.home}\nClient: {client}"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{main(sys.argv[1:])}\n")
    except (EmbeddedPostgresError, EmbeddedPostgresUnavailable) as error:
        sys.exit(str(error))
