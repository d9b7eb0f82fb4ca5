from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BroadcastsConfig(AppConfig):
    """What the bot announces: to whom, when, and what became of each copy."""

    name = "telegrambot.broadcasts"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from telegrambot.accounts import services as accounts
        from telegrambot.broadcasts import (  # noqa: F401  (registers them)
            audience_conditions,
            content,
            first_steps,
            opt_outs,
            resending,
        )
        from telegrambot.engine import outbox

        accounts.on_opt_out(opt_outs.follow)
        outbox.keep_files(content.files_in_use)
