from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    """A local Telegram for development: Bot API endpoint and chat page."""

    name = "telegrambot.sandbox"
    label = "sandbox"
    verbose_name = _("Sandbox")

    def ready(self) -> None:
        from telegrambot.engine import credentials
        from telegrambot.sandbox import checks  # noqa: F401  (registers the check)
        from telegrambot.sandbox.identity import bot_token

        credentials.register_sandbox(bot_token)
