"""A PostgreSQL connection outside Django's, for what outlives a transaction: LISTEN and session locks."""

from __future__ import annotations

from typing import Any

from django.db import connections
from psycopg import AsyncConnection


def parameters(application_name: str) -> dict[str, Any]:
    """What psycopg needs to reach the database. Blocking: it may start the embedded server."""
    found = dict(connections["default"].get_connection_params())
    for name in ("cursor_factory", "context"):
        found.pop(name, None)
    return found | {"application_name": application_name}


async def connect(known: dict[str, Any]) -> AsyncConnection[Any]:
    """Open a connection in autocommit mode with what `parameters` returned."""
    return await AsyncConnection.connect(**known, autocommit=True)
