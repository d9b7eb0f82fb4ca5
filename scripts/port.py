"""Print the port the web server shall use, or say in one sentence why it cannot.

The port is PORT from the environment or `.env`, or 8000. Asked before anything starts, because a server that
finds its port taken fails only after the database and the bot are up.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import environ

DEFAULT_PORT = "8000"


class PortError(Exception):
    """The port cannot be used; the message tells a person what to do."""


def usable_port(text: str) -> int:
    """The port that `text` names, if a server can listen on it now.

    Raises:
        PortError: with one sentence for the person at the keyboard.
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise PortError(f"PORT is {text!r}: give a number from 1 to 65535, for example PORT=8000.")
    port = int(text)
    with socket.socket() as listener:
        # As a server does: a connection that has just been closed does not keep the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except PermissionError:
            raise PortError(f"Port {port} is for root only: give one above 1023, as in PORT=8000.") from None
        except OSError:
            raise PortError(
                f"Port {port} is taken by another program: stop that one, or choose another port, "
                f"as in make run PORT={port + 1 if port < 65535 else 8000}."
            ) from None
    return port


if __name__ == "__main__":
    environ.Env.read_env(Path(__file__).resolve().parent.parent / ".env")
    try:
        print(usable_port(os.environ.get("PORT") or DEFAULT_PORT))
    except PortError as error:
        sys.exit(str(error))
