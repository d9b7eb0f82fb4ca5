"""Which model drafts for whom, with which instructions, and what its calls took and cost."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from config.schema import TimestampedModel
from telegrambot.accounts.models import AuthenticationData, TelegramUser
from telegrambot.engine.models import Dialog


class Provider(models.TextChoices):
    """Who runs the model (see drafting/endpoints.py)."""

    BUILT_IN = "built_in", _("Without a model")
    OPENAI = "openai", "OpenAI"
    ANTHROPIC = "anthropic", "Anthropic"
    GEMINI = "gemini", "Gemini"
    OLLAMA = "ollama", "Ollama"
    VLLM = "vllm", "vLLM"
    OTHER = "other", _("Another server that speaks like OpenAI")


@audited()
class SystemPrompt(models.Model):
    """Instructions for a model. A version never changes: another wording is another version."""

    operator = models.ForeignKey(
        TelegramUser,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="system_prompts",
        db_index=False,
        verbose_name=_("operator"),
        help_text=_("Empty: for everybody who has none of their own."),
    )
    version = models.IntegerField(_("version"))
    text = models.TextField(_("instructions"))
    created_by = models.ForeignKey(
        TelegramUser, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("written by")
    )
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "Instructions for models; a version never changes"
        verbose_name = _("instructions")
        verbose_name_plural = _("instructions")
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "version"], name="uq_systemprompt_version", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(version__gt=0), name="ck_systemprompt_version"),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


@audited()
class UserSelectedModel(TimestampedModel):
    """Which model drafts for an operator; the row without one is for everybody who has not chosen."""

    operator = models.OneToOneField(
        TelegramUser,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="selected_model",
        verbose_name=_("operator"),
        help_text=_("Empty: for everybody who has not chosen."),
    )
    provider = models.CharField(
        _("provider"),
        max_length=10,
        choices=Provider,
        default=Provider.BUILT_IN,
        db_default=Provider.BUILT_IN,
    )
    model_name = models.CharField(
        _("model"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("As the provider calls it."),
    )
    base_url = models.CharField(
        _("address"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: the provider's own. Such as http://localhost:11434/v1."),
    )
    credentials = models.ForeignKey(
        AuthenticationData,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("key"),
    )
    prompt = models.ForeignKey(
        SystemPrompt,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("instructions"),
    )
    temperature = models.DecimalField(
        _("temperature"),
        max_digits=3,
        decimal_places=2,
        default="0.30",
        db_default="0.30",
        help_text=_("0: always the same; 2: full of fancy."),
    )

    class Meta:
        db_table_comment = "Which model drafts for whom"
        verbose_name = _("model choice")
        verbose_name_plural = _("model choices")
        constraints = [
            models.CheckConstraint(
                condition=Q(provider__in=Provider.values), name="ck_userselectedmodel_provider"
            ),
            models.CheckConstraint(
                condition=Q(temperature__gte=0) & Q(temperature__lte=2), name="ck_userselectedmodel_temp"
            ),
            # At most one row is everybody's.
            models.UniqueConstraint(
                fields=["operator"],
                name="uq_userselectedmodel_operator",
                condition=Q(operator__isnull=True),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, [self.get_provider_display(), self.model_name]))


@not_audited("Each row is an event itself: one call of a model, without a word of what was said.")
class ModelCall(models.Model):
    """One call of a model, for the daily limits, the numbers, and whoever asks why there is no draft."""

    created_at = models.DateTimeField(_("time"), db_default=Now())
    operator = models.ForeignKey(
        TelegramUser, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("operator")
    )
    dialog = models.ForeignKey(
        Dialog,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("dialog"),
        help_text=_("Empty: a trial or a summary."),
    )
    provider = models.CharField(_("provider"), max_length=10, choices=Provider)
    model_name = models.CharField(_("model"), max_length=100, default="", db_default="", blank=True)
    prompt = models.ForeignKey(
        SystemPrompt, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("instructions")
    )
    tokens_in = models.IntegerField(_("tokens read"), default=0, db_default=0)
    tokens_out = models.IntegerField(_("tokens written"), default=0, db_default=0)
    cost = models.DecimalField(_("cost, US$"), max_digits=12, decimal_places=6, default=0, db_default=0)
    milliseconds = models.IntegerField(_("time taken, ms"), default=0, db_default=0)
    error = models.CharField(
        _("error"), max_length=50, default="", db_default="", blank=True, help_text=_("Empty: all went well.")
    )
    error_details = models.JSONField(_("details"), default=dict, db_default={}, blank=True)

    class Meta:
        db_table_comment = "Calls of models: what they cost, how long they took, why they failed"
        verbose_name = _("call of a model")
        verbose_name_plural = _("calls of models")
        constraints = [
            models.CheckConstraint(condition=Q(provider__in=Provider.values), name="ck_modelcall_provider")
        ]
        indexes = [
            models.Index("created_at", name="ix_modelcall_created_at"),
            models.Index("dialog", F("id").desc(), name="ix_modelcall_dialog"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
