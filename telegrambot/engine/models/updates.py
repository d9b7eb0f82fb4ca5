"""What came in: every update, and the mark that the thing it tells of was handled."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.audited import not_audited
from telegrambot.engine.models.dialogs import Dialog
from telegrambot.vault.fields import EncryptedTextField


@not_audited("It is what came in, untouched; it holds what people wrote.")
class InboundUpdate(models.Model):
    """One update as Telegram sent it. Its own key is the order of processing."""

    class Source(models.TextChoices):
        POLLING = "polling", _("polling")
        WEBHOOK = "webhook", _("webhook")
        SANDBOX = "sandbox", _("sandbox")

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    bot_id = models.BigIntegerField(_("bot"))
    update_id = models.BigIntegerField(_("update id"))
    source = models.CharField(_("source"), max_length=10, choices=Source)
    dialog = models.ForeignKey(
        Dialog, on_delete=models.CASCADE, null=True, db_index=False, verbose_name=_("dialog")
    )
    kind = models.CharField(_("kind"), max_length=50)
    command = models.CharField(_("command"), max_length=32, db_default="", default="", blank=True)
    payload = models.JSONField(_("payload"), null=True)
    sealed = EncryptedTextField(
        _("sealed content"),
        null=True,
        blank=True,
        help_text=_("Of a chat without history: the payload, encrypted, until it is handled."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, db_default=Status.PENDING)
    attempts = models.SmallIntegerField(_("tries"), db_default=0, default=0)
    not_before = models.DateTimeField(_("not before"), db_default=Now())
    error = models.TextField(_("error"), db_default="", default="", blank=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    processed_at = models.DateTimeField(_("processed"), null=True)

    class Meta:
        db_table_comment = "Every update received; stored before Telegram is told so"
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        constraints = [
            models.UniqueConstraint(fields=["bot_id", "update_id"], name="uq_update_bot_update_id"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "done", "failed"]), name="ck_update_status"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["polling", "webhook", "sandbox"]), name="ck_update_source"
            ),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(payload__isnull=False) | Q(sealed__isnull=False),
                name="ck_update_waits_with_content",
            ),
        ]
        indexes = [
            models.Index(fields=["dialog", "id"], name="ix_update_pending", condition=Q(status="pending")),
            models.Index(fields=["dialog", "-id"], name="ix_update_dialog"),
            models.Index(fields=["-id"], name="ix_update_failed", condition=Q(status="failed")),
            models.Index(fields=["received_at"], name="ix_update_received_at"),
            models.Index(fields=["received_at"], name="ix_update_sealed", condition=Q(sealed__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.update_id}"


@not_audited("A mark for each thing that was handled.")
class ProcessedMessage(models.Model):
    """The mark that one thing which happened was handled: written in the transaction of its effects."""

    message_id = models.CharField(_("key"), primary_key=True, max_length=100)
    processed_at = models.DateTimeField(_("processed"), db_default=Now())

    class Meta:
        db_table_comment = "One key per thing that happened; the guard against handling it twice"
        verbose_name = _("processed message")
        verbose_name_plural = _("processed messages")
        indexes = [models.Index(fields=["processed_at"], name="ix_processed_processed_at")]

    def __str__(self) -> str:
        return self.message_id
