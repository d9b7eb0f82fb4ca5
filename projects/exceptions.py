"""What people are told when something about projects cannot be done; each docstring is the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.errors import DomainError


class NameMissing(DomainError):
    """Please give it a name."""


class NameTooLong(DomainError):
    """That name is too long. Please use at most {limit} characters."""


class ProjectNameTaken(DomainError):
    """There is already a project “{name}”. Please choose another name."""


class FeatureNameTaken(DomainError):
    """“{project}” already has a feature “{name}”. Please choose another name."""


class VersionTaken(DomainError):
    """“{project}” already has a release {version}. Please choose another version."""


class ProjectArchived(DomainError):
    """“{name}” is archived. Please bring it back first."""


class WrongName(DomainError):
    """That is not the name of the project. To archive it, please type exactly: {name}"""


class MoveRefused(DomainError):
    """“{name}” is now: {status}. From there it can become: {allowed}."""


class ReasonMissing(DomainError):
    """Please say why “{name}” becomes: {status}."""


class ReleaseClosed(DomainError):
    """Release {version} is closed: {status}. Please choose another one, or open it again."""


class ReleaseOfOtherProject(DomainError):
    """Release {version} belongs to another project. Please choose one of “{project}”."""


class EditConflict(DomainError):
    """“{name}” was changed meanwhile: {changes}. Please look at it again before you go on."""


class ProjectGone(DomainError):
    """That project does not exist any more."""


class FeatureGone(DomainError):
    """That feature does not exist any more."""


class ReleaseGone(DomainError):
    """That release does not exist any more."""


class CannotUndo(DomainError):
    """This cannot be undone: {reason}"""


class UnknownDate(DomainError):
    """I do not understand the date “{text}”. Please write it like 15 March, 15.03.2026 or “in 2 weeks”."""


class NoActiveProject(DomainError):
    """Please choose a project first: /projects shows them."""


class NothingFound(DomainError):
    """I do not know “{text}”."""

    @property
    def closest(self) -> Sequence[Any]:
        """What is called nearly so."""
        found: Sequence[Any] = self.details["closest"]
        return found


class ProjectNotFound(NothingFound):
    """There is no project “{text}”."""


class FeatureNotFound(NothingFound):
    """There is no feature “{text}” in this project."""


class ReleaseNotFound(NothingFound):
    """There is no release “{text}” in this project."""


class NameAmbiguous(DomainError):
    """“{text}” could be more than one. Please be more exact."""

    @property
    def candidates(self) -> Sequence[Any]:
        """What it could be."""
        found: Sequence[Any] = self.details["candidates"]
        return found


class QuestionOver(DomainError):
    """That question is over. Please ask again."""


class NoneOfThem(DomainError):
    """“{text}” is none of them, or more than one. Please press one, or send /cancel."""


class UnknownStatus(DomainError):
    """I do not know the status “{text}”. Please choose one of: {statuses}."""
