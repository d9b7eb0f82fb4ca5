"""What every test may use, and what none may do: talk to another machine."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

LOCAL_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine. No OSError: no code under test may take it for bad weather."""


def _is_local(host: str | bytes | None) -> bool:
    address = _ip_address(host)
    return address.is_loopback or address.is_unspecified if address else _text(host) in LOCAL_NAMES


def _ip_address(host: str | bytes | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(_text(host))
    except ValueError:
        return None


def _text(host: str | bytes | None) -> str:
    return host.decode() if isinstance(host, bytes) else host or ""


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse connections to other machines; let no name resolve but this machine's own.

    An unknown name fails as it does without a network, so that a test of that very case works anywhere.
    """
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address[0]):
            raise NetworkRefused(f"This test tried to connect to {address[0]}:{address[1]}.")

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _ip_address(host) and not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True)
def _settings_at_their_defaults() -> Iterator[None]:
    from telegrambot.vault.testing import all_settings_at_their_defaults

    with all_settings_at_their_defaults():
        yield


# What migrations declare and no test changes: to make it anew takes longer than to empty all other tables.
_DECLARED = frozenset({"django_content_type", "auth_permission"})
_ALLOW = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
"""


@pytest.fixture(scope="session", autouse=True)
def _flush_may_truncate() -> Iterator[None]:
    """Lift the refusal to empty a table, in those transactions in which Django empties all after a test.

    Such a test commits, so there is nothing to roll back. A TRUNCATE of the test's own is refused as ever.
    """
    from django.core.management.commands import flush as command
    from django.db.backends.postgresql.operations import DatabaseOperations

    from telegrambot.engine.routing import declare_commands

    sql_flush, flush = DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush

    def sql_flush_but_declared(
        operations: DatabaseOperations, style: Any, tables: list[str], **options: Any
    ) -> list[str]:
        return sql_flush(operations, style, [name for name in tables if name not in _DECLARED], **options)

    def execute_sql_flush(operations: DatabaseOperations, statements: list[str]) -> None:
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef(to_regproc('audit_refuse'))")
            (refusal,) = cursor.fetchone()
        flush(operations, [_ALLOW, *statements, refusal] if refusal else statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush_but_declared)
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
        patch.setattr(command, "emit_post_migrate_signal", lambda *_: declare_commands())
        yield


def _require_chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None and os.environ.get("CI"):
        pytest.fail("Continuous integration has to install Chromium; .ci/run does.")
    return path or pytest.skip("no Chromium on this machine (on Debian: apt-get install chromium)")


@pytest.fixture
def chromium() -> str:
    """The path of the installed Chromium; without one the test is skipped."""
    return _require_chromium()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The marker alone is enough to skip a test that needs the browser."""
    if item.get_closest_marker("browser"):
        _require_chromium()
