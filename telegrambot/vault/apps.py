from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """Encryption at rest."""

    name = "telegrambot.vault"
    verbose_name = _("Vault")

    def ready(self) -> None:
        from telegrambot.vault import checks  # noqa: F401  (registers the checks)
