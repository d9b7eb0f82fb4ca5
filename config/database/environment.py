"""Reads the database settings from the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config.environment import Environment

POSTGRES_SCHEMES = {"postgres", "postgresql", "pgsql", "psql"}
PARTS = {
    "POSTGRES_HOST": "HOST",
    "POSTGRES_PORT": "PORT",
    "POSTGRES_DB": "NAME",
    "POSTGRES_USER": "USER",
    "POSTGRES_PASSWORD": "PASSWORD",
}
LIBPQ_NAMES = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
PLACEHOLDER = re.compile(r"change[-_ ]?(me|this)!?|your[-_ ].*|<.*>", re.IGNORECASE)

# A dead server is noticed within a minute; both are ignored on a unix socket.
OPTIONS = {
    "application_name": "switchboard",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def from_environment(env: Environment, *, base_dir: Path, name: str) -> dict[str, Any]:
    """Return `DATABASES["default"]`.

    `DATABASE_URL` (a libpq connection URI) or `POSTGRES_HOST`, `_PORT`, `_DB`, `_USER`, `_PASSWORD` name a
    server. Without them the embedded server is used, with its files in `base_dir/var/postgres` and a database
    called `name`; it starts on the first connection, not here.

    Raises `ImproperlyConfigured` with one sentence for anything unclear. No sentence repeats a password.
    """
    url = env.text("DATABASE_URL")
    parts = {variable: value for variable in PARTS if (value := env.text(variable))}
    for variable, value in parts.items():
        _refuse_placeholder(variable, value)
    if url:
        settings, options = _parse_url(url)
        _refuse_contradiction(settings, parts)
    elif parts:
        settings, options = _parse_parts(parts), {}
    else:
        embedded = {"root": str(embedded_root(base_dir)), "database": name}
        settings, options = {"NAME": name, "EMBEDDED": embedded}, {}
    return {
        "ENGINE": "config.postgresql",
        **settings,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": OPTIONS | options,
    }


def embedded_root(base_dir: Path) -> Path:
    """Return the folder that holds everything of the embedded server of the checkout `base_dir`."""
    return base_dir / "var" / "postgres"


def _parse_url(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    scheme, separator, rest = url.partition("://")
    if not separator and PLACEHOLDER.fullmatch(url):
        raise _placeholder_error("DATABASE_URL")
    if scheme.lower() not in POSTGRES_SCHEMES:
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL server (postgresql://user:password@host:5432/database): "
            "no other database is supported."
        )
    try:
        # libpq itself decides what the URL means, so that whatever works for psql works here.
        options = {k: str(v) for k, v in conninfo_to_dict(f"postgresql://{rest}").items() if v is not None}
    except psycopg.ProgrammingError:
        # Its message may quote the password.
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: write it as postgresql://user:password@host:5432/database, "
            "with special characters in the password percent-encoded."
        ) from None
    settings = {LIBPQ_NAMES[key]: options.pop(key) for key in LIBPQ_NAMES if key in options}
    for value in settings.values():
        _refuse_placeholder("DATABASE_URL", value)
    if "NAME" not in settings and "service" not in options:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database: add its name at the end, as in postgresql://host:5432/switchboard."
        )
    if "PORT" in settings:
        for port in settings["PORT"].split(","):
            _check_port("DATABASE_URL", port)
    return settings, options


def _parse_parts(parts: dict[str, str]) -> dict[str, Any]:
    missing = [variable for variable in ("POSTGRES_HOST", "POSTGRES_DB") if variable not in parts]
    if missing:
        raise ImproperlyConfigured(
            f"{' and '.join(missing)} must be set too when {', '.join(parts)} is: "
            "set what is missing, or unset all of them to use the embedded PostgreSQL."
        )
    if "POSTGRES_PORT" in parts:
        _check_port("POSTGRES_PORT", parts["POSTGRES_PORT"])
    return {PARTS[variable]: value for variable, value in parts.items()}


def _refuse_contradiction(settings: dict[str, Any], parts: dict[str, str]) -> None:
    defaults = {"PORT": "5432"}
    different = [
        variable
        for variable, value in parts.items()
        if settings.get(PARTS[variable], defaults.get(PARTS[variable], "")) != value
    ]
    if different:
        raise ImproperlyConfigured(
            f"DATABASE_URL and {', '.join(different)} contradict each other: "
            "keep one way of naming the database."
        )


def _refuse_placeholder(variable: str, value: str) -> None:
    if PLACEHOLDER.fullmatch(value):
        raise _placeholder_error(variable)


def _placeholder_error(variable: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{variable} still holds a placeholder: give it its real value, "
        "or leave all database variables empty to use the embedded PostgreSQL."
    )


def _check_port(variable: str, port: str) -> None:
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ImproperlyConfigured(f"{variable} must hold a port between 1 and 65535.")
