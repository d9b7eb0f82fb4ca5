"""What people read when something about their sign-in is refused."""

from __future__ import annotations

from config.errors import DomainError


class SessionAlreadyEnded(DomainError):
    """This session has ended already. Nothing is left to do."""


class OtherPeoplesSession(DomainError):
    """Only an owner may sign out somebody else."""
