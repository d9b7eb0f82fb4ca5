from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People: who signs in, who writes to the bot, and what each may do."""

    name = "telegrambot.accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from audit import actors as audit_actors
        from telegrambot.accounts import actors, audit_directory

        audit_actors.register_accounts(actors.actor_id)
        audit_actors.register_names(actors.names_of)
        audit_directory.register()
        autodiscover_modules("personal_data")
