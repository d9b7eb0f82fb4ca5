"""What the audit log refuses."""

from __future__ import annotations

from config.errors import DomainError


class AppendOnly(DomainError):
    """The audit log cannot be changed: events are only ever added."""


class UnknownEvent(DomainError):
    """“{name}” is not among the declared events."""
