"""What is said in a chat: messages, files, pressed buttons."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.sandbox.models.imitation import IMITATION
from telegrambot.sandbox.models.people import SandboxChat, SandboxPerson

# Telegram gives a bot two and a half minutes to answer a pressed button.
CALLBACK_LIFETIME = timedelta(seconds=150)
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def random_id() -> int:
    """A positive 63-bit number that nobody can guess."""
    return secrets.randbits(63) or 1


@not_audited(IMITATION)
class SandboxFile(TimestampedModel):
    """A file on Telegram's servers, known to the bot by its `file_id`."""

    class Kind(models.TextChoices):
        """How Telegram treats the file; one file id cannot change its kind."""

        PHOTO = "photo"
        VIDEO = "video"
        DOCUMENT = "document"

    file_id = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=255, blank=True, default="", db_default="")
    mime_type = models.CharField(max_length=127, blank=True, default="", db_default="")
    size = models.BigIntegerField()
    width = models.IntegerField(default=0, db_default=0)
    height = models.IntegerField(default=0, db_default=0)
    content = models.BinaryField()

    class Meta:
        db_table = "sandbox_file"
        db_table_comment = "Sandbox: files that people and the bot sent"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["photo", "video", "document"]), name="ck_sandbox_file_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.path

    @property
    def unique_id(self) -> str:
        """`file_unique_id`: the same for every bot, useless for downloading."""
        return f"AQ{self.pk:014x}"

    @property
    def path(self) -> str:
        """`file_path` as `getFile` tells it."""
        # Anything else would have to be quoted in an address, or would not come back from one.
        suffix = _SUFFIX.search(self.name)
        return f"{self.kind}s/file_{self.pk}{suffix[0] if suffix else ''}"


@not_audited(IMITATION)
class SandboxMessage(TimestampedModel):
    """One message in a chat. Its key is the `message_id`, which is therefore unique over all chats."""

    chat = models.ForeignKey(SandboxChat, on_delete=models.CASCADE, related_name="messages")
    sender = models.ForeignKey(
        SandboxPerson,
        on_delete=models.CASCADE,
        null=True,
        help_text="Empty: the bot, or Telegram itself when it copied a post",
    )
    sender_chat = models.ForeignKey(
        SandboxChat,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="The channel in whose name this was said",
    )
    sent_at = models.DateTimeField(default=timezone.now, db_default=Now())
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True, default="", db_default="", help_text="Text, or the caption of a file")
    entities = models.JSONField(default=list, db_default=[])
    file = models.ForeignKey(SandboxFile, on_delete=models.PROTECT, null=True)
    album = models.CharField(max_length=20, blank=True, default="", db_default="", help_text="media_group_id")
    reply_markup = models.JSONField(default=dict, db_default={})
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True)
    forwarded_from = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="copies",
        help_text="The channel's post that Telegram copied into the discussion group",
    )
    thread = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="comments",
        help_text="The copied post that this comment belongs to",
    )
    revision = models.BigIntegerField(help_text="The chat's revision at the last change")

    class Meta:
        db_table = "sandbox_message"
        db_table_comment = "Sandbox: messages"
        ordering = ["id"]
        indexes = [models.Index(fields=["chat", "revision"], name="ix_sandbox_message_revision")]

    def __str__(self) -> str:
        return f"{self.chat_id}/{self.pk}"

    @property
    def is_from_bot(self) -> bool:
        """Whether the bot wrote this; only then it may edit it."""
        return self.sender_id is None and self.forwarded_from_id is None

    @property
    def buttons(self) -> list[list[dict[str, Any]]]:
        """Rows of inline buttons below the message."""
        return self.reply_markup.get("inline_keyboard", [])


@not_audited(IMITATION)
class SandboxCallback(TimestampedModel):
    """A pressed inline button, and what the bot answered."""

    id = models.BigIntegerField(primary_key=True, default=random_id)
    chat = models.ForeignKey(SandboxChat, on_delete=models.CASCADE)
    message = models.ForeignKey(SandboxMessage, on_delete=models.CASCADE)
    person = models.ForeignKey(SandboxPerson, on_delete=models.CASCADE)
    data = models.CharField(max_length=64)
    pressed_at = models.DateTimeField(default=timezone.now, db_default=Now())
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, blank=True, default="", db_default="")
    is_alert = models.BooleanField(default=False, db_default=False)
    revision = models.BigIntegerField(
        default=0, db_default=0, help_text="The chat's revision when it was answered"
    )

    class Meta:
        db_table = "sandbox_callback"
        db_table_comment = "Sandbox: pressed inline buttons"
        indexes = [models.Index(fields=["chat", "revision"], name="ix_sandbox_callback_revision")]

    def __str__(self) -> str:
        return str(self.pk)
