"""Who acts on the command line. Django need not be set up for this module."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from audit.context import acting

# What is typed there is nobody's program.
_SHELLS = frozenset({"shell", "dbshell"})


@contextmanager
def acting_as_command(arguments: Sequence[str]) -> Iterator[None]:
    """Let what a command changes be told from what is changed elsewhere.

    Args:
        arguments: `sys.argv`: the program, the command, what it is given.
    """
    name = arguments[1] if len(arguments) > 1 else ""
    if name in _SHELLS:
        yield
        return
    with acting(origin="command", correlation_id=f"command:{uuid.uuid4()}", command=name):
        yield
