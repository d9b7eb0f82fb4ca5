"""The database backend `config.postgresql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe

from config.database import embedded_server
from config.postgresql.client import DatabaseClient
from config.postgresql.cursor import StatingCursor
from config.postgresql.moments import read_any_moment
from config.postgresql.operations import DatabaseOperations

if TYPE_CHECKING:
    from config.database.server import EmbeddedServer

OLDEST_VERSION = 14_00_00  # PostgreSQL 14.0, as libpq counts


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects to the server that settings name, or to the embedded one, which it starts when it is down.

    `EMBEDDED` in the settings dictionary marks the embedded server: its `root` folder, and the `database`
    that is created when it is missing. Databases of other names (of tests) are Django's own business.
    """

    client_class = DatabaseClient
    ops_class = DatabaseOperations
    _prepared: set[tuple[str, str | None]] = set()

    def get_connection_params(self) -> dict[str, Any]:
        """Return parameters that work right now, also for those who connect by themselves (Procrastinate)."""
        params = super().get_connection_params()
        if server := self._embedded_server():
            database = self._own_database()
            if (str(server.root), database) not in self._prepared or not server.is_running():
                server.ensure(database)
                self._prepared.add((str(server.root), database))
            params |= server.connection_params()
        return params

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; when the embedded server is starting, has just died or lost its database, mend and repeat.

        Raises `ImproperlyConfigured` when the server is older than PostgreSQL 14.
        """
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            server = self._embedded_server()
            if server is None:
                raise
            server.ensure(self._own_database())
            connection = super().get_new_connection(conn_params | server.connection_params())
        version = connection.info.server_version
        if version < OLDEST_VERSION:
            connection.close()
            raise ImproperlyConfigured(
                f"The PostgreSQL server has version {version // 10000}, Switchboard needs 14 or later: "
                "upgrade it, or name another server in DATABASE_URL."
            )
        # Not among the parameters, which connections of other kinds use too.
        if connection.cursor_factory is base.Cursor:
            connection.cursor_factory = StatingCursor
        read_any_moment(connection)
        return connection

    def _embedded_server(self) -> EmbeddedServer | None:
        embedded = self.settings_dict.get("EMBEDDED")
        return embedded_server(embedded["root"]) if embedded else None

    def _own_database(self) -> str | None:
        declared = self.settings_dict["EMBEDDED"]["database"]
        return declared if self.settings_dict["NAME"] == declared else None
