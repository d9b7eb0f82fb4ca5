"""Business accounts that the bot is connected to."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.sandbox.models.imitation import IMITATION
from telegrambot.sandbox.models.people import SandboxPerson

# https://core.telegram.org/bots/api#businessbotrights: those that matter for chatting.
ALL_RIGHTS = ("can_reply", "can_read_messages", "can_delete_sent_messages", "can_delete_all_messages")


def all_rights() -> list[str]:
    """What an owner allows the bot when they change nothing."""
    return list(ALL_RIGHTS)


def random_connection_id() -> str:
    """A connection's id: opaque, as on the real servers."""
    return secrets.token_urlsafe(24)


@not_audited(IMITATION)
class SandboxBusinessConnection(TimestampedModel):
    """The bot's connection to somebody's account. Connecting again after it ended makes a new one."""

    id = models.CharField(primary_key=True, max_length=64, default=random_connection_id)
    owner = models.ForeignKey(SandboxPerson, on_delete=models.CASCADE, related_name="connections")
    connected_at = models.DateTimeField(default=timezone.now, db_default=Now())
    is_enabled = models.BooleanField(default=True, db_default=True)
    rights = models.JSONField(
        default=all_rights, db_default=list(ALL_RIGHTS), help_text="Names of BusinessBotRights"
    )

    class Meta:
        db_table = "sandbox_business_connection"
        db_table_comment = "Sandbox: business accounts that the bot is connected to"
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_enabled=True), name="uq_sandbox_business_connection_owner"
            )
        ]

    def __str__(self) -> str:
        return str(self.owner)
