from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    """Whoever writes to the bot and waits for a person, and the people who answer."""

    name = "telegrambot.inbox"
    verbose_name = _("Inbox")

    def ready(self) -> None:
        from telegrambot.accounts import services as accounts
        from telegrambot.inbox import departures

        accounts.on_departure(departures.follow)
