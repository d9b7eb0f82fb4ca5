"""A process that reads a setting again and again, and writes a line for each value it has not had before.

It asks only when PostgreSQL tells it to, or after a lost connection.
"""

from __future__ import annotations

import time

import django

FOREVER = 3600.0


def main() -> None:
    """Follow `test.days` until killed."""
    django.setup()
    from telegrambot.vault import settings_store, snapshots
    from telegrambot.vault.tests.declared import settings_of_tests

    with settings_of_tests():
        snapshots.FRESH_SECONDS = snapshots._ASK_EVERY_SECONDS = FOREVER
        known = settings_store.get("test.days", int)
        first = snapshots._snapshot
        snapshots._start_keeper()
        while snapshots._snapshot is first:  # replaced once the thread listens
            time.sleep(0.01)
        print(known, flush=True)  # noqa: T201  (the test reads it)
        while True:
            if (found := settings_store.get("test.days", int)) != known:
                known = found
                print(known, flush=True)  # noqa: T201
            time.sleep(0.01)


if __name__ == "__main__":
    main()
