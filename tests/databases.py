"""Databases made for one test or one measurement, on whatever server there is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


@dataclass(frozen=True)
class Database:
    """One database of a PostgreSQL server, by the libpq parameters that lead to it."""

    params: Mapping[str, str]

    @property
    def url(self) -> str:
        """What DATABASE_URL has to be."""
        query = "&".join(
            f"{key}={quote(value, safe='')}" for key, value in self.params.items() if key != "dbname"
        )
        return f"postgresql:///{self.params['dbname']}?{query}"

    def named(self, name: str) -> Database:
        """Another database of the same server."""
        return Database({**self.params, "dbname": name})

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, in autocommit."""
        return psycopg.connect(make_conninfo(**self.params), autocommit=True)

    def rows(self, statement: str, *args: Any) -> list[Any]:
        """The rows of a query, or nothing for another statement."""
        with self.connect() as connection:
            cursor = connection.execute(statement, args or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *args: Any) -> Any:
        """The first column of the first row."""
        return self.rows(statement, *args)[0][0]


@contextlib.contextmanager
def fresh_database(server: Database, *, template: str = "template0") -> Iterator[Database]:
    """A database that exists for the length of the `with` block.

    Args:
        server: any database of the server to make it on.
        template: the name of the database to copy.
    """
    name = f"switchboard_{uuid4().hex[:12]}"
    identifier = sql.Identifier(name)
    with server.connect() as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template))
        )
    try:
        yield server.named(name)
    finally:
        with server.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def project_server() -> Database:
    """The server that the project's settings lead to, through its maintenance database."""
    from django.db import connection

    params = connection.get_connection_params()
    keys = ("host", "port", "user", "password")
    return Database({key: str(params[key]) for key in keys if params.get(key)} | {"dbname": "postgres"})
