"""One row for each chat that the bot sees."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.audited import audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser


@audited(
    private=["telegram_dialog_id", "business_connection_id", "title"],
    noise=["state", "last_processed_message_id"],
)
class Dialog(TimestampedModel):
    """A chat between the bot (or a business account it serves) and a person, a group or a channel."""

    class Type(models.TextChoices):
        PRIVATE = "private", _("private chat")
        GROUP = "group", _("group")
        CHANNEL = "channel", _("channel")

    platform = models.CharField(_("platform"), max_length=20, db_default="telegram", default="telegram")
    bot_id = models.BigIntegerField(_("bot"))
    business_connection_id = models.CharField(
        _("business connection"), max_length=100, blank=True, db_default="", default=""
    )
    telegram_dialog_id = models.CharField(_("chat id"), max_length=100)
    person = models.ForeignKey(
        TelegramUser,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="dialogs",
        verbose_name=_("person"),
    )
    type = models.CharField(
        _("type"), max_length=10, choices=Type, db_default=Type.PRIVATE, default=Type.PRIVATE
    )
    title = models.CharField(_("title"), max_length=255, blank=True, db_default="", default="")
    state = models.JSONField(
        _("in the middle of"), blank=True, db_default={}, default=dict, help_text=_("Survives restarts.")
    )

    keep_history = models.BooleanField(
        _("keep history"),
        db_default=True,
        default=True,
        help_text=_("Off: what is said here passes through memory and is not kept."),
    )
    is_processing_enabled = models.BooleanField(_("draft replies"), db_default=False, default=False)
    auto_send_enabled = models.BooleanField(_("send drafts unasked"), db_default=False, default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_dialogs",
        verbose_name=_("responsible"),
    )
    last_processed_message_id = models.BigIntegerField(
        _("drafted up to message"),
        null=True,
        blank=True,
        help_text=_("Moves when a draft is stored or deliberately left out."),
    )

    class Meta:
        db_table_comment = "Chats the bot sees; the row lock that keeps one chat's updates in order"
        verbose_name = _("dialog")
        verbose_name_plural = _("dialogs")
        constraints = [
            # A business chat and the bot's own chat with one person share a chat id.
            models.UniqueConstraint(
                fields=["platform", "bot_id", "business_connection_id", "telegram_dialog_id"],
                name="uq_dialog_chat",
            ),
            models.CheckConstraint(
                condition=Q(type__in=["private", "group", "channel"]), name="ck_dialog_type"
            ),
        ]
        indexes = [
            models.Index(fields=["telegram_dialog_id"], name="ix_dialog_telegram_id"),
            models.Index(fields=["updated_at"], name="ix_dialog_updated_at"),
            # Intake asks it for every batch: as good as empty, it costs nothing.
            models.Index(
                fields=["telegram_dialog_id"],
                name="ix_dialog_messageless",
                condition=Q(keep_history=False),
            ),
            # For the list of chats with drafts, with automatic answers: few among many.
            models.Index(
                fields=["updated_at"], name="ix_dialog_processing", condition=Q(is_processing_enabled=True)
            ),
            models.Index(
                fields=["updated_at"], name="ix_dialog_auto_send", condition=Q(auto_send_enabled=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.telegram_dialog_id

    @property
    def is_private_with_bot(self) -> bool:
        """Whether this is the bot's own chat with one person (not a group, channel or business chat)."""
        return self.type == self.Type.PRIVATE and not self.business_connection_id
