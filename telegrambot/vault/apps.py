from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """Encryption at rest, and the settings that may change while the program runs."""

    name = "telegrambot.vault"
    verbose_name = _("Vault")

    def ready(self) -> None:
        from audit.titles import register_titles
        from telegrambot.vault import checks  # noqa: F401  (registers the checks)

        autodiscover_modules("app_settings")
        # A setting is called by its key, also when it has its default again and the row is gone.
        register_titles("vault.appsetting", lambda keys: {key: key for key in keys})
