"""What the stand-in for Telegram's servers remembers."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.schema import TimestampedModel

_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"
# Telegram gives a bot two and a half minutes to answer a pressed button.
CALLBACK_LIFETIME = timedelta(seconds=150)
# Updates that nobody fetched are dropped after a day.
UPDATE_LIFETIME = timedelta(hours=24)


def random_token() -> str:
    """A Bot API token: the bot's id, a colon, 35 random characters."""
    secret = "".join(secrets.choice(_TOKEN_CHARACTERS) for _ in range(35))
    return f"{1_000_000 + secrets.randbelow(9_000_000)}:{secret}"


def first_update_id() -> int:
    """Where a bot's updates start counting: anywhere, as on the real servers."""
    return 100_000_000 + secrets.randbelow(800_000_000)


def random_id() -> int:
    """A positive 63-bit number that nobody can guess."""
    return secrets.randbits(63) or 1


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


class SandboxPerson(TimestampedModel):
    """Somebody who uses this local Telegram."""

    class Part(models.TextChoices):
        """Whom a seeded person plays; only a label on the page."""

        OWNER = "owner", _("Owner")
        ADMIN = "admin", _("Admin")
        SUBSCRIBER = "subscriber", _("Subscriber")
        NEWCOMER = "newcomer", _("Newcomer")
        GUEST = "guest", _("Guest")

    class Language(models.TextChoices):
        """The languages a person's Telegram can be set to."""

        ENGLISH = "en", "English"
        RUSSIAN = "ru", "Русский"

    telegram_id = models.BigIntegerField(primary_key=True)
    first_name = models.CharField(max_length=64)
    last_name = models.CharField(max_length=64, blank=True, default="", db_default="")
    username = models.CharField(max_length=32, blank=True, default="", db_default="")
    language_code = models.CharField(
        max_length=2, choices=Language, default=Language.ENGLISH, db_default=Language.ENGLISH
    )
    part = models.CharField(max_length=10, choices=Part, default=Part.GUEST, db_default=Part.GUEST)

    class Meta:
        db_table = "sandbox_person"
        db_table_comment = "Sandbox: people of this local Telegram"
        ordering = ["telegram_id"]
        constraints = [
            models.CheckConstraint(condition=Q(telegram_id__gt=0), name="ck_sandbox_person_id"),
            models.CheckConstraint(
                condition=Q(language_code__in=["en", "ru"]), name="ck_sandbox_person_language"
            ),
            models.CheckConstraint(
                condition=Q(part__in=["owner", "admin", "subscriber", "newcomer", "guest"]),
                name="ck_sandbox_person_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class SandboxChat(TimestampedModel):
    """A chat the bot is in. A private one exists as soon as its person has written to the bot."""

    class Kind(models.TextChoices):
        """Telegram's chat types."""

        PRIVATE = "private"
        GROUP = "group"
        SUPERGROUP = "supergroup"
        CHANNEL = "channel"

    telegram_id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PRIVATE, db_default=Kind.PRIVATE)
    title = models.CharField(max_length=128, blank=True, default="", db_default="")
    person = models.OneToOneField(SandboxPerson, on_delete=models.CASCADE, null=True, related_name="chat")
    blocked_at = models.DateTimeField(null=True, help_text="The person has blocked the bot")
    revision = models.BigIntegerField(default=0, db_default=0, help_text="Grows with every visible change")
    action = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="What the bot is doing, e.g. typing"
    )
    action_until = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True, help_text="Rate limit of this chat (GCRA)")

    class Meta:
        db_table = "sandbox_chat"
        db_table_comment = "Sandbox: chats with the bot"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["private", "group", "supergroup", "channel"]),
                name="ck_sandbox_chat_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="private") | Q(person__isnull=False), name="ck_sandbox_chat_person"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.person)

    def moved(self, *changed: str) -> int:
        """Count one visible change, and save the fields named in `changed` with it.

        The caller holds the row's lock, so revisions commit in their order.
        """
        self.revision += 1
        self.save(update_fields=["revision", *changed])
        return self.revision


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
        suffix = f".{self.name.rsplit('.', 1)[1]}" if "." in self.name else ""
        return f"{self.kind}s/file_{self.pk}{suffix}"


class SandboxMessage(TimestampedModel):
    """One message in a chat. Its key is the `message_id`, which is therefore unique over all chats."""

    chat = models.ForeignKey(SandboxChat, on_delete=models.CASCADE, related_name="messages")
    sender = models.ForeignKey(SandboxPerson, on_delete=models.CASCADE, null=True, help_text="Empty: the bot")
    sent_at = models.DateTimeField(default=timezone.now, db_default=Now())
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True, default="", db_default="", help_text="Text, or the caption of a file")
    entities = models.JSONField(default=list, db_default=[])
    file = models.ForeignKey(SandboxFile, on_delete=models.PROTECT, null=True)
    album = models.CharField(max_length=20, blank=True, default="", db_default="", help_text="media_group_id")
    reply_markup = models.JSONField(default=dict, db_default={})
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True)
    revision = models.BigIntegerField(help_text="The chat's revision at the last change")

    class Meta:
        db_table = "sandbox_message"
        db_table_comment = "Sandbox: messages"
        ordering = ["id"]
        indexes = [models.Index(fields=["chat", "revision"], name="ix_sandbox_message_revision")]

    def __str__(self) -> str:
        return f"{self.chat_id}/{self.pk}"

    @property
    def buttons(self) -> list[list[dict[str, Any]]]:
        """Rows of inline buttons below the message."""
        return self.reply_markup.get("inline_keyboard", [])


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
