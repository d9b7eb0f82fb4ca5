"""Whether the program itself could alter the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

# Whoever owns the table, or may become its owner, can switch its triggers off; superusers always can.
_OWNS_LOG = """
SELECT current_user FROM pg_class
WHERE oid = to_regclass('audit_eventlog') AND pg_has_role(relowner, 'MEMBER')
"""


# Of the deployment: migrations do run as the owner.
@checks.register(checks.Tags.database, deploy=True)
def check_owner(databases: Iterable[str] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """Warn when the program connects as a role that could switch the protection of the log off."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(_OWNS_LOG)
            row = cursor.fetchone()
        if row and not settings.DEBUG:
            found.append(
                checks.Warning(
                    f"The database role “{row[0]}” owns the audit log and could alter it.",
                    hint="Let only migrations connect as the owner, and the program as a role of its own: "
                    "see “The audit log” in docs/operations.md.",
                    id="audit.W001",
                )
            )
    return found
