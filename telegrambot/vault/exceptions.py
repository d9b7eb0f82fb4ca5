"""What can go wrong with settings and encrypted values; each docstring is the sentence."""

from __future__ import annotations

from config.errors import DomainError


class UnreadableSecret(DomainError):
    """The stored “{field}” cannot be decrypted. Please add the key it was encrypted with to VAULT_KEYS."""


class UnknownSetting(DomainError):
    """There is no setting “{key}”. Please choose one that the settings page lists."""


class ValueTooSmall(DomainError):
    """{value} is too little. Please choose {minimum} or more."""


class ValueTooLarge(DomainError):
    """{value} is too much. Please choose {maximum} or less."""


class NotANumber(DomainError):
    """That is no number to count with. Please enter an ordinary one."""
