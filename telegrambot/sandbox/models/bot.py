"""The bot as Telegram knows it: token, update queue, webhook, command menus."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.sandbox.models.imitation import IMITATION

_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"
# Updates that nobody fetched are dropped after a day.
UPDATE_LIFETIME = timedelta(hours=24)


def random_token() -> str:
    """A Bot API token: the bot's id, a colon, 35 random characters."""
    secret = "".join(secrets.choice(_TOKEN_CHARACTERS) for _ in range(35))
    return f"{1_000_000 + secrets.randbelow(9_000_000)}:{secret}"


def first_update_id() -> int:
    """Where a bot's updates start counting: anywhere, as on the real servers."""
    return 100_000_000 + secrets.randbelow(800_000_000)


class SandboxBotManager(models.Manager["SandboxBot"]):
    """Finds the one bot of this database."""

    def current(self) -> SandboxBot:
        """The bot, created with a random token when this database has none yet."""
        return self.get_or_create(pk=1)[0]

    def locked(self) -> SandboxBot:
        """The bot, with its row locked until the transaction ends."""
        return self.select_for_update().filter(pk=1).first() or self.select_for_update().get(
            pk=self.current().pk
        )


@not_audited(IMITATION)
class SandboxBot(TimestampedModel):
    """The bot as Telegram knows it: token, update queue, webhook."""

    id = models.SmallIntegerField(primary_key=True, default=1, db_default=1)
    token = models.CharField(max_length=64, unique=True, default=random_token)
    first_name = models.CharField(max_length=64, default="Switchboard Demo", db_default="Switchboard Demo")
    username = models.CharField(
        max_length=32, default="switchboard_demo_bot", db_default="switchboard_demo_bot"
    )
    next_update_id = models.BigIntegerField(default=first_update_id)
    poll_ticket = models.BigIntegerField(
        default=0, db_default=0, help_text="Number of the newest getUpdates call"
    )
    allowed_updates = models.JSONField(
        default=list, db_default=[], help_text="Empty: Telegram's default selection"
    )
    webhook_url = models.CharField(max_length=512, blank=True, default="", db_default="")
    webhook_secret = models.CharField(max_length=256, blank=True, default="", db_default="")
    webhook_error = models.CharField(max_length=255, blank=True, default="", db_default="")
    webhook_error_at = models.DateTimeField(null=True)
    limits_enabled = models.BooleanField(
        default=False, db_default=False, help_text="Answer 429 as Telegram does"
    )
    privacy_mode = models.BooleanField(
        default=True, db_default=True, help_text="In groups the bot sees commands and replies to it only"
    )
    busy_until = models.DateTimeField(null=True, help_text="Rate limit over all chats (GCRA)")

    objects = SandboxBotManager()

    class Meta:
        db_table = "sandbox_bot"
        db_table_comment = "Sandbox: the one bot of this local Telegram"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ck_sandbox_bot_single")]

    def __str__(self) -> str:
        return f"@{self.username}"

    @property
    def telegram_id(self) -> int:
        """The bot's user id, which every token begins with."""
        return int(self.token.split(":", 1)[0])


@not_audited(IMITATION)
class SandboxUpdate(TimestampedModel):
    """An update that the bot has not confirmed yet."""

    update_id = models.BigIntegerField(primary_key=True)
    payload = models.JSONField(help_text="The update without its id")
    queued_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        db_table = "sandbox_update"
        db_table_comment = "Sandbox: updates waiting for the bot"
        ordering = ["update_id"]

    def __str__(self) -> str:
        return str(self.update_id)


@not_audited(IMITATION)
class SandboxCommandSet(TimestampedModel):
    """The bot's command menu for one scope and language."""

    scope = models.CharField(max_length=80, help_text="Type, chat and user, joined by colons")
    language_code = models.CharField(max_length=2, blank=True, default="", db_default="")
    commands = models.JSONField()

    class Meta:
        db_table = "sandbox_command_set"
        db_table_comment = "Sandbox: the bot's command menus"
        constraints = [
            models.UniqueConstraint(fields=["scope", "language_code"], name="uq_sandbox_command_set_scope")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.language_code}".strip()
