"""Who acts right now, and from where: what the database writes beside every change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Context:
    """One actor's doing.

    Attributes:
        user_id: the canonical id of the person, `user:<pk>` for a staff account without one, or `system`.
        origin: chat, admin, task, command or shell.
        correlation_id: what all events of one update, request or task have in common.
        extra: more to keep with each event, under names of its own.
    """

    user_id: str = SYSTEM
    origin: str = "shell"
    correlation_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


_NOBODY = Context()
_current: ContextVar[Context] = ContextVar("audit_context", default=_NOBODY)


def current() -> Context:
    """Who acts now."""
    return _current.get()


@contextmanager
def acting(
    *, user_id: str | None = None, origin: str | None = None, correlation_id: str | None = None, **extra: Any
) -> Iterator[Context]:
    """Let what the block changes be this actor's doing; what is not named stays as it is around it.

    Args:
        user_id: who acts.
        origin: from where.
        correlation_id: what the events of the block have in common.
        **extra: kept with each event.
    """
    known = _current.get()
    named = {"user_id": user_id, "origin": origin, "correlation_id": correlation_id}
    context = replace(
        known,
        **{name: value for name, value in named.items() if value is not None},
        extra=MappingProxyType({**known.extra, **extra}),
    )
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
