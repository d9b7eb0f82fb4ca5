"""People, and the chats that the bot is in or may come into."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.sandbox.announcements import announce
from telegrambot.sandbox.models.imitation import IMITATION


@not_audited(IMITATION)
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


@not_audited(IMITATION)
class SandboxChat(TimestampedModel):
    """A chat. A private one exists as soon as its person has written to the bot.

    A business account's chat is one between two people, which the bot looks into: `owner` has connected the
    bot to their account, `customer` writes to them. Its key is made up; towards the bot it carries the
    customer's id, as on the real servers (`wire_id`).
    """

    class Kind(models.TextChoices):
        """Telegram's chat types, and the chats of business accounts."""

        PRIVATE = "private", _("Private chat")
        GROUP = "group", _("Group")
        SUPERGROUP = "supergroup", _("Group")
        CHANNEL = "channel", _("Channel")
        BUSINESS = "business", _("Business chat")

    class BotStatus(models.TextChoices):
        """What the bot is in a group or channel; a private chat has `blocked_at` instead."""

        MEMBER = "member", _("Member")
        ADMINISTRATOR = "administrator", _("Administrator")
        LEFT = "left", _("Not in this chat")
        KICKED = "kicked", _("Removed")

    telegram_id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PRIVATE, db_default=Kind.PRIVATE)
    title = models.CharField(max_length=128, blank=True, default="", db_default="")
    person = models.OneToOneField(SandboxPerson, on_delete=models.CASCADE, null=True, related_name="chat")
    members = models.ManyToManyField(SandboxPerson, through="SandboxMember", related_name="memberships")
    owner = models.ForeignKey(
        SandboxPerson, on_delete=models.CASCADE, null=True, related_name="customer_chats"
    )
    customer = models.ForeignKey(
        SandboxPerson, on_delete=models.CASCADE, null=True, related_name="business_chats"
    )
    discussion = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="channel",
        help_text="A channel's discussion group",
    )
    bot_status = models.CharField(
        max_length=13, choices=BotStatus, default=BotStatus.MEMBER, db_default=BotStatus.MEMBER
    )
    blocked_at = models.DateTimeField(null=True, help_text="The person has blocked the bot")
    revision = models.BigIntegerField(default=0, db_default=0, help_text="Grows with every visible change")
    action = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="What the bot is doing, e.g. typing"
    )
    action_until = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True, help_text="Rate limit of this chat (GCRA)")

    class Meta:
        db_table = "sandbox_chat"
        db_table_comment = "Sandbox: chats that the bot is in or may come into"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["private", "group", "supergroup", "channel", "business"]),
                name="ck_sandbox_chat_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="private") | Q(person__isnull=False), name="ck_sandbox_chat_person"
            ),
            models.CheckConstraint(
                condition=~Q(kind="business") | Q(owner__isnull=False, customer__isnull=False),
                name="ck_sandbox_chat_business",
            ),
            models.CheckConstraint(
                condition=Q(bot_status__in=["member", "administrator", "left", "kicked"]),
                name="ck_sandbox_chat_bot_status",
            ),
            models.UniqueConstraint(fields=["owner", "customer"], name="uq_sandbox_chat_business"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.person or self.customer)

    @property
    def wire_id(self) -> int:
        """The chat's id as the bot knows it."""
        return self.customer_id if self.customer_id is not None else self.telegram_id

    @property
    def is_group(self) -> bool:
        """Whether several people talk here."""
        return self.kind in {self.Kind.GROUP, self.Kind.SUPERGROUP}

    @property
    def has_bot(self) -> bool:
        """Whether the bot is in this group or channel."""
        return self.bot_status in {self.BotStatus.MEMBER, self.BotStatus.ADMINISTRATOR}

    def name_for(self, person: SandboxPerson) -> str:
        """What this chat is called in `person`'s list; empty for the chat with the bot itself."""
        if self.kind == self.Kind.BUSINESS:
            return str(self.customer if person.pk == self.owner_id else self.owner)
        return self.title

    def moved(self, *changed: str) -> int:
        """Count one visible change, save the fields named in `changed` with it, and tell open pages.

        The caller holds the row's lock, so revisions commit in their order.
        """
        self.revision += 1
        self.save(update_fields=["revision", *changed])
        announce("chat", self.pk)
        return self.revision


@not_audited(IMITATION)
class SandboxMember(TimestampedModel):
    """A person in a group or channel."""

    class Status(models.TextChoices):
        """Telegram's words for what somebody is in a chat."""

        CREATOR = "creator", _("Owner")
        ADMINISTRATOR = "administrator", _("Administrator")
        MEMBER = "member", _("Member")

    chat = models.ForeignKey(SandboxChat, on_delete=models.CASCADE)
    person = models.ForeignKey(SandboxPerson, on_delete=models.CASCADE)
    status = models.CharField(max_length=13, choices=Status, default=Status.MEMBER, db_default=Status.MEMBER)

    class Meta:
        db_table = "sandbox_member"
        db_table_comment = "Sandbox: who is in a group or channel"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["chat", "person"], name="uq_sandbox_member_person"),
            models.CheckConstraint(
                condition=Q(status__in=["creator", "administrator", "member"]),
                name="ck_sandbox_member_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.chat}"

    @property
    def is_admin(self) -> bool:
        """Whether this person runs the chat."""
        return self.status != self.Status.MEMBER
