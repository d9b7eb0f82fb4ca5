"""What the database can do, in Django's words."""

from __future__ import annotations

import re
from typing import Any

from django.db.backends.postgresql import operations

# What StatingCursor puts in front of a statement; psycopg writes literals in one of two ways.
_STATING = re.compile(r"SET LOCAL [\w.]+ = \s*E?'(?:[^'\\]|''|\\.)*';\n", re.DOTALL)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, with a query log that shows what was asked for."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement with its values, as the query log of a development server shows it."""
        query = super().last_executed_query(cursor, sql, params)
        return _STATING.sub("", query, count=1) if query and query.startswith("SET LOCAL") else query
