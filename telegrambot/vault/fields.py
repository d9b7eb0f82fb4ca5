"""A text column that is encrypted at rest."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from telegrambot.vault.exceptions import UnreadableSecret


class EncryptedTextField(models.TextField):
    """Text encrypted with the first of `VAULT_KEYS` and readable with any of them.

    None and "" are stored as they are. The only lookup is `isnull`: every encryption of a text differs.

    Raises:
        UnreadableSecret: on reading what none of the keys decrypts; the row cannot be loaded, so it is not
            overwritten by accident either.
    """

    is_secret = True  # for the audit log, which never keeps its values

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return _vault(tuple(settings.VAULT_KEYS)).encrypt(plain.encode()).decode() if plain else plain

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        if not value:
            return value
        try:
            return _vault(tuple(settings.VAULT_KEYS)).decrypt(value).decode()
        except InvalidToken:
            raise UnreadableSecret(field=self.verbose_name) from None

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


@cache
def _vault(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("VAULT_KEYS is empty: secrets can be neither stored nor read.")
    return MultiFernet([Fernet(key) for key in keys])
