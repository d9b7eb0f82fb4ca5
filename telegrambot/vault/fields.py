"""A text column that is encrypted at rest."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.views.decorators.debug import sensitive_variables

from telegrambot.vault import cipher


class EncryptedTextField(models.TextField):
    """Text encrypted with the first of `VAULT_KEYS` and readable with any of them.

    None and "" are stored as they are. The only lookup is `isnull`: every encryption of a text differs.

    Raises:
        UnreadableSecret: on reading what none of the keys decrypts; the row cannot be loaded, so it is not
            overwritten by accident either.
    """

    is_secret = True  # for the audit log, which never keeps its values

    @sensitive_variables("value", "plain")
    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return cipher.encrypt(plain) if plain else plain

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return cipher.decrypt(value, name=self.verbose_name) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
