"""Replies that models suggest: the drafts, who sees them, what may go out alone, and for which accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox.choice_models import Provider, SystemPrompt
from telegrambot.vault.fields import EncryptedTextField

if TYPE_CHECKING:
    from uuid import UUID


@audited(private=["suggested_response", "edited_response", "rejection_reason"], noise=["error"])
class DraftReply(TimestampedModel):
    """An answer that a model suggests, and what a person made of it."""

    class Status(models.TextChoices):
        PENDING_APPROVAL = "pending_approval", _("waits for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        SUPERSEDED = "superseded", _("superseded")

    class Fault(models.TextChoices):
        """What was wrong with a rejected draft. Of other people's drafts a prompt learns this and no more."""

        NONE = "", _("not said")
        WRONG = "wrong", _("it is wrong")
        INCOMPLETE = "incomplete", _("it does not answer the question")
        TOO_LONG = "too_long", _("it is too long")
        TONE = "tone", _("the tone is not ours")
        PROMISE = "promise", _("it promises what we cannot keep")
        NOT_NEEDED = "not_needed", _("no answer is needed")

    dialog = models.ForeignKey(
        Dialog, on_delete=models.CASCADE, related_name="drafts", db_index=False, verbose_name=_("dialog")
    )
    last_message_id = models.BigIntegerField(
        _("answers"), help_text=_("The person's last message that the draft knows.")
    )
    last_message_timestamp = models.DateTimeField(_("asked"))
    suggested_response = EncryptedTextField(_("suggestion"), default="", db_default="")
    edited_response = EncryptedTextField(_("edited"), default="", db_default="", blank=True)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=Status,
        default=Status.PENDING_APPROVAL,
        db_default=Status.PENDING_APPROVAL,
    )
    provider = models.CharField(_("provider"), max_length=10, choices=Provider)
    model_name = models.CharField(_("model"), max_length=100, default="", db_default="", blank=True)
    prompt = models.ForeignKey(
        SystemPrompt, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("instructions")
    )
    operator = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("drafted for"),
        help_text=_("Whose model it is."),
    )
    made_from = models.JSONField(
        _("made from"),
        default=dict,
        db_default={},
        help_text=_("Messages and sources that the model was given."),
    )
    topic = models.CharField(
        _("topic"), max_length=100, default="", db_default="", help_text=_("The source it mostly comes from.")
    )
    tokens_in = models.IntegerField(_("tokens read"), null=True)
    tokens_out = models.IntegerField(_("tokens written"), null=True)
    cost = models.DecimalField(_("cost, US$"), max_digits=12, decimal_places=6, null=True)
    drafting_ms = models.IntegerField(_("drafting time, ms"), null=True)
    is_automatic = models.BooleanField(_("approved automatically"), default=False, db_default=False)
    decided_by = models.ForeignKey(
        TelegramUser, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    edit_share = models.FloatField(
        _("edited"), null=True, help_text=_("How much of the suggestion was changed: 0 none, 1 all.")
    )
    fault = models.CharField(_("fault"), max_length=20, choices=Fault, blank=True, default="", db_default="")
    rejection_reason = models.CharField(_("reason"), max_length=300, default="", db_default="", blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("sent as")
    )
    error = models.TextField(_("error"), default="", db_default="", blank=True)

    if TYPE_CHECKING:
        dialog_id: int
        message_id: int | None
        operator_id: UUID | None

    class Meta:
        db_table_comment = "Answers that models suggest, and what people decided about them"
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                fields=["dialog"],
                name="uq_draftreply_open",
                condition=Q(status__in=["pending_approval", "approved"]),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["pending_approval", "approved", "rejected", "sent", "failed", "superseded"]
                ),
                name="ck_draftreply_status",
            ),
            models.CheckConstraint(condition=Q(provider__in=Provider.values), name="ck_draftreply_provider"),
            models.CheckConstraint(
                condition=Q(
                    fault__in=["", "wrong", "incomplete", "too_long", "tone", "promise", "not_needed"]
                ),
                name="ck_draftreply_fault",
            ),
        ]
        indexes = [
            models.Index("dialog", F("id").desc(), name="ix_draftreply_dialog"),
            models.Index("id", name="ix_draftreply_pending", condition=Q(status="pending_approval")),
            models.Index("id", name="ix_draftreply_approved", condition=Q(status="approved")),
            models.Index("topic", F("id").desc(), name="ix_draftreply_topic", condition=~Q(topic="")),
            models.Index("created_at", name="ix_draftreply_created_at"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def text(self) -> str:
        """What would be sent, or was: the operator's wording, else the model's."""
        return self.edited_response or self.suggested_response

    @property
    def is_open(self) -> bool:
        """Whether it still may become a message."""
        return self.status in {self.Status.PENDING_APPROVAL, self.Status.APPROVED}


@not_audited("A mark for each notice of a draft; the draft is audited.")
class DraftCard(models.Model):
    """A message in an operator's chat that shows a draft, to be brought up to date when it is decided."""

    draft = models.ForeignKey(
        DraftReply, on_delete=models.CASCADE, related_name="cards", db_index=False, verbose_name=_("draft")
    )
    operator = models.ForeignKey(
        TelegramUser, on_delete=models.CASCADE, related_name="+", verbose_name=_("operator")
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="+", verbose_name=_("message")
    )

    class Meta:
        db_table_comment = "Which messages show which draft to which operator"
        verbose_name = _("card of a draft")
        verbose_name_plural = _("cards of drafts")
        constraints = [models.UniqueConstraint(fields=["draft", "operator"], name="uq_draftcard_operator")]

    def __str__(self) -> str:
        return f"{self.draft_id} · {self.operator_id}"


@not_audited("It says what a model is writing right now, and is gone when it has ended.")
class DraftInProgress(models.Model):
    """What a model has written so far."""

    dialog = models.OneToOneField(
        Dialog, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("dialog")
    )
    text = EncryptedTextField(_("text"), default="", db_default="", blank=True)
    started_at = models.DateTimeField(_("begun"), db_default=Now())
    updated_at = models.DateTimeField(_("last sign of life"), db_default=Now())

    class Meta:
        db_table_comment = "What models are writing right now"
        verbose_name = _("draft in progress")
        verbose_name_plural = _("drafts in progress")

    def __str__(self) -> str:
        return str(self.pk)


@not_audited("What a message-less chat said, encrypted, until its draft is made.")
class HeldText(models.Model):
    """A text of a message-less chat that waits to be answered: the batch in hand."""

    dialog = models.ForeignKey(
        Dialog, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("dialog")
    )
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("message")
    )
    text = EncryptedTextField(_("text"))
    created_at = models.DateTimeField(_("held since"), db_default=Now())

    class Meta:
        db_table_comment = "Encrypted texts of message-less chats until their draft is made"
        verbose_name = _("held text")
        verbose_name_plural = _("held texts")
        indexes = [
            models.Index("dialog", "message", name="ix_heldtext_dialog"),
            models.Index("created_at", name="ix_heldtext_created_at"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


@not_audited("Made from messages that are kept anyway, and made anew when they change.")
class DialogSummary(models.Model):
    """What was said in a chat before the messages that a draft is made from, in a model's words."""

    dialog = models.OneToOneField(
        Dialog, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("dialog")
    )
    text = EncryptedTextField(_("text"))
    model_name = models.CharField(_("model"), max_length=100)
    up_to = models.BigIntegerField(_("up to"), help_text=_("The last message that it tells of."))
    newest_known = models.BigIntegerField(
        _("newest known"), help_text=_("What was edited or deleted after this message makes it out of date.")
    )
    since = models.DateTimeField(_("since"), help_text=_("When the first message it tells of was written."))
    made_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        db_table_comment = "Summaries of older messages, for prompts; encrypted"
        verbose_name = _("summary of a dialog")
        verbose_name_plural = _("summaries of dialogs")
        indexes = [models.Index("since", name="ix_dialogsummary_since")]

    def __str__(self) -> str:
        return str(self.pk)


@audited()
class AutomaticTopic(TimestampedModel):
    """A topic of which answers may go out without a person, wherever they are asked for."""

    topic = models.CharField(_("topic"), max_length=100, primary_key=True)
    title = models.CharField(_("title"), max_length=200)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        db_table_comment = "Topics whose answers may be sent automatically"
        verbose_name = _("automatic topic")
        verbose_name_plural = _("automatic topics")

    def __str__(self) -> str:
        return self.title


@audited(private=["connection_id"])
class BusinessConnection(TimestampedModel):
    """A business account that the bot answers for (https://core.telegram.org/bots/api#businessconnection)."""

    connection_id = models.CharField(_("connection"), max_length=100, unique=True)
    # Without one: the owner was erased. Telegram's connection lives on, and is not answered for.
    person = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        related_name="business_connections",
        verbose_name=_("owner of the account"),
    )
    bot_id = models.BigIntegerField(_("bot"))
    is_enabled = models.BooleanField(_("connected"), default=True, db_default=True)
    can_reply = models.BooleanField(_("may reply"), default=False, db_default=False)
    rights = models.JSONField(_("rights"), default=dict, db_default={}, blank=True)
    connected_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        db_table_comment = "Business accounts that the bot answers for"
        verbose_name = _("business connection")
        verbose_name_plural = _("business connections")

    def __str__(self) -> str:
        return str(self.person or self.pk)
