"""Encryption with VAULT_KEYS: the first key encrypts, every key decrypts."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from telegrambot.vault.exceptions import UnreadableSecret

MASK = "••••"
# A shorter secret would be given away by its end.
_LONG_ENOUGH = 16
# The second for letters that no encrypted text has.
_UNREADABLE = (InvalidToken, ValueError)


class Secret(str):
    """A text that logs and error pages show as dots: they write the `repr` of what they find."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"


def masked(plain: str) -> str:
    """What a person may see of a secret: enough to tell two of them apart, nothing of a short one."""
    return f"{MASK}{plain[-4:]}" if len(plain) >= _LONG_ENOUGH else MASK


@sensitive_variables("plain")
def encrypt(plain: str) -> str:
    """Return `plain` as it may be stored.

    Raises:
        ImproperlyConfigured: there is no key.
    """
    return _keys().encrypt(plain.encode()).decode()


def decrypt(stored: str, *, name: Any) -> Secret:
    """Return what `encrypt` was given.

    Args:
        name: what the error calls it.

    Raises:
        UnreadableSecret: none of the keys decrypts it.
        ImproperlyConfigured: there is no key.
    """
    keys = _keys()
    try:
        return Secret(keys.decrypt(stored).decode())
    except _UNREADABLE:
        raise UnreadableSecret(field=name) from None


def is_readable(stored: str) -> bool:
    """Whether one of the keys decrypts it."""
    return _decrypts(_keys(), stored)


def is_current(stored: str) -> bool:
    """Whether the first key decrypts it, so that the others are not needed for it."""
    return _decrypts(Fernet(settings.VAULT_KEYS[0]), stored)


def renewed(stored: str) -> str:
    """Return the same secret encrypted with the first key.

    Raises:
        InvalidToken: none of the keys decrypts it.
    """
    return _keys().rotate(stored).decode()


def _decrypts(keys: Fernet | MultiFernet, stored: str) -> bool:
    try:
        keys.decrypt(stored)
    except _UNREADABLE:
        return False
    return True


def _keys() -> MultiFernet:
    return _vault(tuple(settings.VAULT_KEYS))


@cache
def _vault(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("VAULT_KEYS is empty: secrets can be neither stored nor read.")
    return MultiFernet([Fernet(key) for key in keys])
