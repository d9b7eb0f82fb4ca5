"""Who acts right now, and from where: what the database writes beside every change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

SYSTEM = "system"

_json = json.JSONEncoder(default=str).encode
_NOTHING: Mapping[str, Any] = MappingProxyType({})
# Escapes in JSON for what PostgreSQL cannot hold: the character 0, halves of surrogate pairs.
_UNSTORABLE = re.compile(r"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]..")


@dataclass(frozen=True, slots=True)
class Context:
    """One actor's doing.

    Attributes:
        who: the canonical id of the person, `user:<pk>` for a staff account without one, `system`; or a
            function that finds it out, asked only when something is written.
        origin: chat, admin, task, command or shell.
        correlation_id: what all events of one update, request or task have in common.
        extra: more to keep with each event, under names of its own, as JSON knows it; no personal text.
    """

    who: str | Callable[[], str] = SYSTEM
    origin: str = "shell"
    correlation_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    _stated: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def user_id(self) -> str:
        """The canonical id of whoever acts; finding it out may cost a query."""
        return self.who if isinstance(self.who, str) else self.who()

    def stated(self) -> str:
        """The context as JSON (ASCII), the way the database is told of it; each is written out once."""
        user_id = self.user_id  # whose request it is changes when they sign in
        if user_id not in self._stated:
            # Put together of its parts, of which most are strings: once in every request, but cheaper.
            who, origin, correlation = _json(user_id), _json(self.origin), _json(self.correlation_id)
            text = f'{{"user_id": {who}, "origin": {origin}, "correlation_id": {correlation}'
            text += f', "extra": {_json(dict(self.extra))}}}' if self.extra else "}"
            self._stated[user_id] = _UNSTORABLE.sub(r"\\ufffd", text) if "\\u" in text else text
        return self._stated[user_id]


_current: ContextVar[Context] = ContextVar("audit_context", default=Context())  # noqa: B039  (frozen)


def current() -> Context:
    """Who acts now."""
    return _current.get()


@contextmanager
def acting(
    *,
    user_id: str | Callable[[], str] | None = None,
    origin: str | None = None,
    correlation_id: str | None = None,
    **extra: Any,
) -> Iterator[Context]:
    """Let what the block changes be this actor's doing; what is not named stays as it is around it.

    Only `extra` belongs to its origin: a job that a command runs has none of the command's.

    Args:
        user_id: who acts, or a function that finds it out when something is written.
        origin: from where.
        correlation_id: what the events of the block have in common.
        **extra: kept with each event.
    """
    known = _current.get()
    context = Context(
        known.who if user_id is None else user_id,
        known.origin if origin is None else origin,
        known.correlation_id if correlation_id is None else correlation_id,
        _extra(known, origin, extra),
    )
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def _extra(known: Context, origin: str | None, extra: dict[str, Any]) -> Mapping[str, Any]:
    inherited = known.extra if origin in {None, known.origin} else _NOTHING
    return MappingProxyType({**inherited, **extra}) if extra else inherited
