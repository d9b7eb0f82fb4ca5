"""Conversations, what operators note about them, what they say again and again, who looks at what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog
from telegrambot.engine.personal_markup import validate_markup
from telegrambot.inbox.choice_models import ModelCall, Provider, SystemPrompt, UserSelectedModel
from telegrambot.inbox.draft_models import (
    AutomaticTopic,
    BusinessConnection,
    DialogSummary,
    DraftCard,
    DraftInProgress,
    DraftReply,
    HeldText,
)

if TYPE_CHECKING:
    from uuid import UUID

__all__ = [
    "AutomaticTopic",
    "BusinessConnection",
    "Conversation",
    "DialogSummary",
    "DraftCard",
    "DraftInProgress",
    "DraftReply",
    "HeldText",
    "ModelCall",
    "MutedOperator",
    "Note",
    "Presence",
    "Provider",
    "SavedReply",
    "SavedReplyUse",
    "SystemPrompt",
    "UserSelectedModel",
]

MAX_NOTE = 2000


@audited(
    noise=[
        "last_activity",
        "last_inbound_at",
        "last_outbound_at",
        "waiting_since",
        "unread_since",
        "message_count",
        "unread_count",
        "last_answer_id",
        "answered_by",
    ]
)
class Conversation(TimestampedModel):
    """What is said in a chat from the first message until it has been quiet for a while."""

    dialog = models.ForeignKey(
        Dialog,
        on_delete=models.CASCADE,
        related_name="conversations",
        db_index=False,
        verbose_name=_("dialog"),
    )
    started_at = models.DateTimeField(_("started"), db_default=Now(), editable=False)
    last_activity = models.DateTimeField(_("last activity"), db_default=Now(), editable=False)
    last_inbound_at = models.DateTimeField(_("last message from the person"), null=True, editable=False)
    last_outbound_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    waiting_since = models.DateTimeField(
        _("waiting since"),
        null=True,
        editable=False,
        help_text=_("The first message that nobody has answered yet."),
    )
    is_active = models.BooleanField(_("open"), default=True, db_default=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    message_count = models.IntegerField(_("messages"), default=0, db_default=0, editable=False)
    unread_count = models.IntegerField(_("unread"), default=0, db_default=0, editable=False)
    unread_since = models.DateTimeField(_("unread since"), null=True, editable=False)
    assigned_to = models.ForeignKey(
        TelegramUser,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_conversations",
        db_index=False,
        verbose_name=_("assigned to"),
    )
    last_answer_id = models.BigIntegerField(_("last answer's key"), null=True, editable=False)
    answered_by = models.CharField(
        _("last answered by"),
        max_length=100,
        default="",
        db_default="",
        editable=False,
        help_text=_("The canonical id, as the audit log has it."),
    )

    if TYPE_CHECKING:
        dialog_id: int
        assigned_to_id: UUID | None

    class Meta:
        db_table_comment = "What is said in a chat until it has been quiet for a while, and who answers"
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["dialog"], name="uq_conversation_active", condition=Q(is_active=True)
            ),
            models.CheckConstraint(
                condition=Q(is_active=True, closed_at__isnull=True)
                | Q(is_active=False, closed_at__isnull=False, waiting_since__isnull=True),
                name="ck_conversation_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(message_count__gte=0) & Q(unread_count__gte=0), name="ck_conversation_counts"
            ),
        ]
        indexes = [
            models.Index("dialog", F("started_at").desc(), name="ix_conversation_dialog"),
            models.Index(
                "waiting_since",
                "id",
                name="ix_conversation_waiting",
                condition=Q(waiting_since__isnull=False),
            ),
            models.Index("last_activity", "id", name="ix_conversation_open", condition=Q(is_active=True)),
            models.Index("last_activity", "id", name="ix_conversation_activity"),
            models.Index(
                "last_activity", "id", name="ix_conversation_unread", condition=Q(unread_count__gt=0)
            ),
            models.Index(
                "assigned_to",
                "last_activity",
                "id",
                name="ix_conversation_assigned",
                condition=Q(assigned_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_waiting(self) -> bool:
        """Whether the person waits for an answer."""
        return self.waiting_since is not None


@audited(private=["text"])
class Note(TimestampedModel):
    """What an operator notes about a conversation. It is never sent."""

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="notes",
        db_index=False,
        verbose_name=_("conversation"),
    )
    author = models.ForeignKey(
        TelegramUser, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )
    about = models.ForeignKey(
        TelegramUser,
        on_delete=models.CASCADE,
        null=True,
        related_name="notes_about",
        verbose_name=_("about"),
        help_text=_("Whose conversation it is: the note goes when they are erased."),
    )
    text = models.TextField(_("text"), validators=[MaxLengthValidator(MAX_NOTE)])

    class Meta:
        db_table_comment = "What operators note about conversations; never sent"
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index("conversation", "id", name="ix_note_conversation")]

    def __str__(self) -> str:
        return str(self.pk)


@audited(noise=["times_used", "last_used_at"])
class SavedReply(TimestampedModel):
    """Something that operators answer again and again."""

    class Language(models.TextChoices):
        ANY = "", _("any language")
        ENGLISH = "en", _("English")
        RUSSIAN = "ru", _("Russian")

    title = models.CharField(_("title"), max_length=100)
    text = models.TextField(
        _("text"),
        validators=[validate_markup],
        help_text=_("Telegram HTML. {first_name|friend} becomes the name, or “friend” without one."),
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language, blank=True, default="", db_default=""
    )
    times_used = models.IntegerField(_("times used"), default=0, db_default=0, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        db_table_comment = "Answers that operators give again and again"
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        constraints = [
            models.UniqueConstraint(
                Lower("title"),
                "language",
                name="uq_savedreply_title",
                violation_error_message=_("There is a saved reply of that title and language already."),
            ),
            models.CheckConstraint(condition=Q(language__in=["", "en", "ru"]), name="ck_savedreply_language"),
        ]
        indexes = [models.Index(F("times_used").desc(), "title", name="ix_savedreply_times_used")]

    def __str__(self) -> str:
        return self.title


@not_audited("Each row is an event itself, and goes when it is counted.")
class SavedReplyUse(models.Model):
    """A use not counted yet: a counter that every operator moves would make them wait for each other."""

    saved_reply = models.ForeignKey(
        SavedReply, on_delete=models.CASCADE, related_name="+", verbose_name=_("saved reply")
    )
    used_at = models.DateTimeField(_("used"), db_default=Now())

    class Meta:
        db_table_comment = "Uses of saved replies until a job has counted them"
        verbose_name = _("use of a saved reply")
        verbose_name_plural = _("uses of saved replies")

    def __str__(self) -> str:
        return f"{self.used_at:%Y-%m-%d %H:%M}"


@not_audited("It says who looks at what right now, and is gone in a minute.")
class Presence(models.Model):
    """An operator who has a conversation open."""

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="presences",
        db_index=False,
        verbose_name=_("conversation"),
    )
    who = models.CharField(
        _("who"), max_length=100, help_text=_("The canonical id, as the audit log has it.")
    )
    seen_at = models.DateTimeField(_("seen"), db_default=Now())
    is_typing = models.BooleanField(_("typing"), default=False, db_default=False)

    class Meta:
        db_table_comment = "Which operators have which conversation open"
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["conversation", "who"], name="uq_presence_who")]
        indexes = [models.Index("seen_at", name="ix_presence_seen_at")]

    def __str__(self) -> str:
        return self.who


@audited()
class MutedOperator(models.Model):
    """An operator who wants no notices about conversations that wait."""

    person = models.OneToOneField(
        TelegramUser,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="muted_inbox",
        verbose_name=_("person"),
    )
    since = models.DateTimeField(_("since"), db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "Operators who want no notices about conversations that wait"
        verbose_name = _("operator without notices")
        verbose_name_plural = _("operators without notices")

    def __str__(self) -> str:
        return str(self.person_id)
