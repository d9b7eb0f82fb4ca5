"""What can be wrong with the database, as one sentence that says what to do."""

from __future__ import annotations

import psycopg
from django.core.exceptions import ImproperlyConfigured


class EmbeddedPostgresError(ImproperlyConfigured):
    """The embedded PostgreSQL cannot work here until a person changes something."""


class EmbeddedPostgresUnavailable(psycopg.OperationalError):
    """The embedded PostgreSQL did not start this time; trying again later may help.

    Django turns it into its own `OperationalError`: code that waits for a database waits for this one too.
    """
