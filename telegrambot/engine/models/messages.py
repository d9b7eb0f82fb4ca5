"""The linear history and the outbox in one: a message is one thing said, by either side."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.full_text import SEARCH_VECTOR, SEARCHED
from telegrambot.engine.models.dialogs import Dialog
from telegrambot.vault.fields import EncryptedTextField


class Priority(models.IntegerChoices):
    """Who goes first when not everything may leave at once."""

    ANSWER = 0, _("answer")
    APPROVED_REPLY = 1, _("approved reply")
    NOTICE = 2, _("notice to operators")
    # Not held up by notices, which an operator's quiet hours may hold back until morning.
    REPORT = 3, _("report to owners and admins")
    BROADCAST = 9, _("broadcast")


@not_audited("It is a history itself, and holds what people wrote.")
class Message(TimestampedModel):
    """One thing said. Outbound ones are born queued in the transaction that decided to say them."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("inbound")
        OUTBOUND = "outbound", _("outbound")

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        FAILED = "failed", _("failed")
        UNCERTAIN = "uncertain", _("uncertain")
        CANCELLED = "cancelled", _("cancelled")

    class Operation(models.TextChoices):
        SEND = "send", _("send")
        EDIT = "edit", _("edit")
        DELETE = "delete", _("delete")

    class Language(models.TextChoices):
        UNKNOWN = "", _("unknown")
        RUSSIAN = "ru", _("Russian")
        ENGLISH = "en", _("English")
        OTHER = "other", _("another language")

    # Composite indexes below cover the foreign keys.
    dialog = models.ForeignKey(
        Dialog, on_delete=models.CASCADE, related_name="messages", db_index=False, verbose_name=_("dialog")
    )
    person = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        related_name="messages",
        db_index=False,
        verbose_name=_("person"),
    )
    platform = models.CharField(_("platform"), max_length=20, db_default="telegram", default="telegram")
    direction = models.CharField(_("direction"), max_length=10, choices=Direction)
    status = models.CharField(_("status"), max_length=10, choices=Status, db_default=Status.QUEUED)
    message_type = models.CharField(_("type"), max_length=30, db_default="text", default="text")
    text = models.TextField(_("text"), db_default="", default="", blank=True)
    language = models.CharField(
        _("language"),
        max_length=5,
        choices=Language,
        db_default="",
        default="",
        blank=True,
        help_text=_("Of the text, as far as it can be told."),
    )
    payload = models.JSONField(_("payload"), db_default={}, default=dict, blank=True)
    sealed = EncryptedTextField(
        _("sealed content"),
        null=True,
        blank=True,
        help_text=_("In a chat without history: text and payload, encrypted, until they are sent."),
    )
    external_message_id = models.CharField(
        _("message id"),
        max_length=100,
        db_default="",
        default="",
        blank=True,
        help_text=_("As Telegram numbers it."),
    )
    operation = models.CharField(
        _("operation"), max_length=10, choices=Operation, db_default=Operation.SEND, default=Operation.SEND
    )
    target = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="revisions",
        verbose_name=_("changes the message"),
    )
    priority = models.SmallIntegerField(
        _("priority"), choices=Priority, db_default=Priority.ANSWER, default=Priority.ANSWER
    )
    not_before = models.DateTimeField(
        _("not before"),
        db_default=Now(),
        null=True,
        help_text=_("Empty: held back until someone lets it go."),
    )
    expires_at = models.DateTimeField(
        _("worthless after"), null=True, blank=True, help_text=_("An answer an hour late is worse than none.")
    )
    attempts = models.SmallIntegerField(_("tries"), db_default=0, default=0)
    lease_until = models.DateTimeField(_("being sent until"), null=True)
    claim_token = models.UUIDField(_("claim"), null=True)
    error = models.TextField(_("error"), db_default="", default="", blank=True)
    origin = models.CharField(
        _("made by"),
        max_length=100,
        db_default="",
        default="",
        help_text=_("What made it, such as update:17."),
    )
    dedupe_key = models.CharField(_("unique key"), max_length=150, null=True, unique=True)
    about = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="quotations",
        db_index=False,
        verbose_name=_("quotes"),
        help_text=_("Whose words or name it repeats to somebody else."),
    )
    expects_last_inbound = models.BigIntegerField(
        _("answers message"),
        null=True,
        blank=True,
        help_text=_("Not sent any more when the person has written since."),
    )
    timestamp = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        db_table_comment = "Everything said, by either side: the history and the outbox"
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(direction__in=["inbound", "outbound"]), name="ck_message_direction"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "queued",
                        "sending",
                        "sent",
                        "delivered",
                        "read",
                        "failed",
                        "uncertain",
                        "cancelled",
                    ]
                ),
                name="ck_message_status",
            ),
            models.CheckConstraint(
                condition=Q(operation="send", target__isnull=True)
                | Q(operation__in=["edit", "delete"], target__isnull=False),
                name="ck_message_operation_target",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=0) & Q(priority__lte=9), name="ck_message_priority"
            ),
            models.CheckConstraint(
                condition=Q(language__in=["", "ru", "en", "other"]), name="ck_message_language"
            ),
            # One message in flight per chat keeps the parts of a long answer in order. Its index also lists
            # what is being sent: the few there are need no other.
            models.UniqueConstraint(
                fields=["dialog"], name="uq_message_in_flight", condition=Q(status="sending")
            ),
        ]
        indexes = [
            # What is held back (a paused broadcast) stays out of the sender's sight.
            models.Index(
                fields=["priority", "id"],
                name="ix_message_queue",
                condition=Q(status="queued", not_before__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="ix_message_expiry",
                condition=Q(status="queued", expires_at__isnull=False),
            ),
            models.Index(
                fields=["status", "-id"],
                name="ix_message_unsettled",
                condition=Q(status__in=["failed", "uncertain"]),
            ),
            models.Index(fields=["dialog", "timestamp"], name="ix_message_dialog_timestamp"),
            models.Index(fields=["dialog", "external_message_id"], name="ix_message_dialog_external"),
            # For "how many today": rows lie in the order of their creation, so a summary per range is enough.
            BrinIndex(fields=["created_at"], name="ix_message_created_at", autosummarize=True),
            models.Index(fields=["target"], name="ix_message_target", condition=Q(target__isnull=False)),
            models.Index(fields=["person", "-id"], name="ix_message_person"),
            # The ledger of a broadcast.
            models.Index(
                fields=["origin", "status", "timestamp"], name="ix_message_broadcast", condition=Q(priority=9)
            ),
            # For the list's filter by type: the rare ones would be looked for in the whole table.
            models.Index(
                fields=["message_type", "-id"], name="ix_message_type", condition=~Q(message_type="text")
            ),
            # Whether somebody has written since; their last message.
            models.Index(
                fields=["dialog", "id"], name="ix_message_inbound", condition=Q(direction="inbound")
            ),
            models.Index(fields=["about"], name="ix_message_about", condition=Q(about__isnull=False)),
            models.Index(fields=["created_at"], name="ix_message_sealed", condition=Q(sealed__isnull=False)),
            GinIndex(SEARCH_VECTOR, name="ix_message_search", condition=SEARCHED),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.pk}"


@not_audited("It goes some days after it was made; the message stays.")
class OutgoingFile(models.Model):
    """A file the bot made to send; kept in the database, so that any process can send it, also once more."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    is_sealed = models.BooleanField(db_default=False, default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table_comment = "Files made by the bot, for a week at most unless something needs them"
        verbose_name = _("outgoing file")
        verbose_name_plural = _("outgoing files")
        indexes = [models.Index(fields=["created_at"], name="ix_file_created_at")]

    def __str__(self) -> str:
        return self.name


@not_audited("A copy of what Telegram keeps; it goes after some days.")
class FetchedMedia(models.Model):
    """A file somebody sent, fetched because an operator looked at it; it goes with its message."""

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="fetched_media",
        db_index=False,
        verbose_name=_("message"),
    )
    position = models.SmallIntegerField(_("place in the album"), db_default=0, default=0)
    is_thumbnail = models.BooleanField(_("thumbnail"))
    content_type = models.CharField(_("content type"), max_length=100)
    content = models.BinaryField()
    fetched_at = models.DateTimeField(_("fetched"), db_default=Now())

    class Meta:
        db_table_comment = "Files of messages, fetched from Telegram for operators, for a few days"
        verbose_name = _("fetched file")
        verbose_name_plural = _("fetched files")
        constraints = [
            models.UniqueConstraint(fields=["message", "position", "is_thumbnail"], name="uq_media_file")
        ]
        indexes = [models.Index(fields=["fetched_at"], name="ix_media_fetched_at")]

    def __str__(self) -> str:
        return self.content_type
