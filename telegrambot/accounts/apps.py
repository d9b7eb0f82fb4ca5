from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People: who signs in, who writes to the bot, and what each may do."""

    name = "telegrambot.accounts"
    verbose_name = _("People")
