"""People, and their chats with the bot."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.schema import TimestampedModel


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
