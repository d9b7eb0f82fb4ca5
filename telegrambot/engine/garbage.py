"""Python's garbage collector in a process that serves for months."""

from __future__ import annotations

import gc

# Python's 700 new objects are made by two messages.
_COLLECT_AFTER = 20_000


def collect_seldom() -> None:
    """Let the collector look seldom, and never again at what was loaded until now.

    What one update or message leaves behind is freed by reference counting; looking for cycles among it, and
    among hundreds of thousands of objects that stay, took a fifth of the time of sending.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
