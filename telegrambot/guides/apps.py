from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuidesConfig(AppConfig):
    """What the bot teaches: guides by category, and what each reader keeps of them."""

    name = "telegrambot.guides"
    verbose_name = _("Content")

    def ready(self) -> None:
        from telegrambot.engine import outbox
        from telegrambot.guides import (  # noqa: F401  (registers them)
            audience_conditions,
            first_steps,
            knowledge,
        )
        from telegrambot.guides.models import GuideCover

        outbox.keep_files(lambda: GuideCover.objects.values("outgoing_file"))
