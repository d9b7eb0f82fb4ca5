#!/usr/bin/env python
"""Django's command line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a command; what a person has to mend is one sentence, not a traceback (which --traceback shows)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError, OperationalError

    from audit.commands import acting_as_command

    try:
        with acting_as_command(sys.argv):
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, DatabaseError) as error:
        if isinstance(error, ImproperlyConfigured):
            sentence = str(error)
        elif isinstance(error, OperationalError):
            sentence = f"The database cannot be used: {error}"
        else:
            sentence = _refusal(error)
        if "--traceback" in sys.argv or not sentence:
            raise
        sys.exit(" ".join(sentence.split()))


def _refusal(error: BaseException | None) -> str:
    """What the role may not do, as a migration by the application's role meets it; empty for other errors."""
    from psycopg.errors import InsufficientPrivilege

    while error is not None and not isinstance(error, InsufficientPrivilege):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    return (
        f"The database refuses this to the role in DATABASE_URL: {error.diag.message_primary}. "
        "Migrations run as the owner: see “Two roles” in docs/operations.md."
    )


if __name__ == "__main__":
    main()
