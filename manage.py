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
    from django.db import OperationalError

    from audit.commands import acting_as_command

    try:
        with acting_as_command(sys.argv):
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError) as error:
        if "--traceback" in sys.argv:
            raise
        what = "The database cannot be used: " if isinstance(error, OperationalError) else ""
        sys.exit(what + " ".join(str(error).split()))


if __name__ == "__main__":
    main()
