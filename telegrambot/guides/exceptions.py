"""What can go wrong with guides; each docstring is the sentence a person reads."""

from __future__ import annotations

from config.errors import DomainError


class GuideNotFound(DomainError):
    """That guide is not available any more. /guides shows the ones there are."""


class GuideNotSaved(DomainError):
    """You have not saved that guide. Save it first, then it can be marked as read."""


class NothingToSearch(DomainError):
    """Please say what to look for, such as: /guides risk management"""


class NothingToConfirm(DomainError):
    """There is nothing to confirm: the file was imported already, or lay too long. Please choose it again."""


class UnreadableFile(DomainError):
    """The file cannot be read. Please choose it again, and the format that it has."""
