"""What one can watch and disturb: the log of calls and updates, and the faults that are switched on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.audited import not_audited
from config.schema import TimestampedModel
from telegrambot.sandbox.models.imitation import IMITATION


@not_audited(IMITATION)
class SandboxLogEntry(TimestampedModel):
    """One call of the Bot API, or one update as it was delivered."""

    class Kind(models.TextChoices):
        """Which way it went."""

        CALL = "call", _("Call")
        UPDATE = "update", _("Update")

    kind = models.CharField(max_length=6, choices=Kind)
    name = models.CharField(max_length=64, help_text="The method, or the kind of update")
    content = models.JSONField(help_text="The parameters, or the update")
    answer = models.JSONField(null=True, help_text="The body that was answered; empty: none was")
    status = models.SmallIntegerField(
        default=0, db_default=0, help_text="HTTP status; 0: the connection was dropped, or nobody answered"
    )
    fault = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="What was in the way"
    )
    happened_at = models.DateTimeField(default=timezone.now, db_default=Now())
    duration_ms = models.FloatField(default=0, db_default=0.0)

    class Meta:
        db_table = "sandbox_log"
        db_table_comment = "Sandbox: the newest calls and updates"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["call", "update"]), name="ck_sandbox_log_kind")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.status}".strip()


@not_audited(IMITATION)
class SandboxFault(TimestampedModel):
    """One fault that is switched on, for one method or for several.

    A spent one stays, with no calls left, until it is cleared or replaced: a hanging call looks at it.
    """

    class Kind(models.TextChoices):
        """What happens instead of an answer."""

        TOO_MANY_REQUESTS = "429", _("429: too many requests")
        FORBIDDEN = "403", _("403: blocked by the user")
        SERVER_ERROR = "500", _("500: server error")
        BAD_REQUEST = "400", _("400: bad request")
        HANG = "hang", _("Answer late")
        DROP_BEFORE = "drop_before", _("Drop the connection, do nothing")
        DROP_AFTER = "drop_after", _("Do it, drop the connection")
        DOWN = "down", _("Telegram is down")

    # Instead of a method's name; see `faults`.
    SENDS = "sends"
    ALL = "all"

    method = models.CharField(max_length=64, unique=True, help_text="A method's name, `sends` or `all`")
    kind = models.CharField(max_length=11, choices=Kind)
    remaining = models.IntegerField(null=True, help_text="Calls left; empty: until switched off")
    seconds = models.IntegerField(default=0, db_default=0, help_text="retry_after, or how late the answer is")

    class Meta:
        db_table = "sandbox_fault"
        db_table_comment = "Sandbox: faults that are switched on"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["429", "403", "500", "400", "hang", "drop_before", "drop_after", "down"]
                ),
                name="ck_sandbox_fault_kind",
            ),
            models.CheckConstraint(
                condition=Q(remaining__gte=0) | Q(remaining__isnull=True), name="ck_sandbox_fault_remaining"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method}: {self.get_kind_display()}"

    @classmethod
    def is_telegram_down(cls) -> bool:
        """Whether nothing answers at the moment; then nothing is delivered or handed out either."""
        return cls.objects.filter(kind=cls.Kind.DOWN).exclude(remaining=0).exists()
