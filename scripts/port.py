"""Print the port the web server shall use, or say in one sentence why it cannot.

The port is PORT from the environment or `.env`, or 8000. Asked before anything starts, because a server that
finds its port taken fails only after the database and the bot are up.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment


class PortError(Exception):
    """The port cannot be used; the message tells a person what to do."""


def usable_port(port: int) -> int:
    """The port, if a server can listen on it now.

    Raises:
        PortError: with one sentence for the person at the keyboard.
    """
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
    try:
        Environment.read_file(Path(__file__).resolve().parent.parent / ".env")
        print(usable_port(Environment().integer("PORT", 8000, least=1, most=65_535)))
    except (PortError, ImproperlyConfigured) as error:
        sys.exit(str(error))
