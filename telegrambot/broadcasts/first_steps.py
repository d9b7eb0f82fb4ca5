"""The broadcasts' line of the checklist for new installations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.engine.first_steps import FirstStep, register
from telegrambot.engine.models import Message

register(
    FirstStep(
        "broadcast",
        _("Send a broadcast to yourself"),
        _("Write one under Campaigns → Broadcasts and press “Send to me first”."),
        # By the unique key, which has an index.
        lambda: Message.objects.filter(dedupe_key__startswith="broadcast-preview:"),
        order=60,
    )
)
