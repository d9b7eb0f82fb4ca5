from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class EngineConfig(AppConfig):
    """Updates in, answers out: everything between Telegram and the chat views."""

    name = "telegrambot.engine"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from telegrambot.engine import checks, sealing  # noqa: F401  (checks registers the checks)

        sealing.register_columns()
        autodiscover_modules("bot", "rounds")
        post_migrate.connect(_declare_commands, sender=self)


def _declare_commands(**kwargs: Any) -> None:
    from telegrambot.engine.routing import declare_commands

    declare_commands()
