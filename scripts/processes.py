"""Run the Procfile's processes until one of them ends or somebody stops them.

This is `honcho start` with three differences: closing the terminal stops the processes too, a stop that
somebody asked for is a success, and `.env` is left to the settings, whose rules for it are not honcho's.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from honcho import command

STOPPED_BY_SIGNAL = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def hang_up(*_: Any) -> None:
    """Stop as if asked to; honcho would fail to say so on a terminal that is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, hang_up)
    sys.argv = ["honcho", "--env", os.devnull, "start"]
    try:
        command.main()
    except SystemExit as ended:
        sys.exit(0 if ended.code in STOPPED_BY_SIGNAL else ended.code)
