"""Where sessions are kept: in the database, each with its account and its client in columns of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from telegrambot.sign_in.models import Session

CLIENT = "client"


class SessionStore(DatabaseStore):
    """The store that SESSION_ENGINE names."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _validate_session_key(self, key: str | None) -> bool:
        """Also refuse what is no key of ours: a cookie may hold characters that PostgreSQL does not take."""
        return bool(key and super()._validate_session_key(key) and key.isalnum())  # type: ignore[misc]

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Copy account and client out of the session's data, so that sessions can be listed."""
        session = cast(Session, super().create_model_instance(data))
        client = data.get(CLIENT, {})
        session.user_id = data.get(SESSION_KEY)
        session.ip = client.get("ip")
        session.user_agent = client.get("user_agent", "")
        session.signed_in_at = _moment(client.get("signed_in"))
        session.seen_at = _moment(client.get("seen"))
        return session


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
