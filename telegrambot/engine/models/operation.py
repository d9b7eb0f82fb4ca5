"""What the engine knows of itself: whose bot this is, the rate budget, who is alive, what went wrong."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.audited import audited, not_audited
from telegrambot.engine.models.dialogs import Dialog


@audited()
class BotIdentity(models.Model):
    """The one bot this database belongs to."""

    id = models.SmallIntegerField(primary_key=True, db_default=1, default=1)
    bot_id = models.BigIntegerField(_("bot"))
    username = models.CharField(_("username"), max_length=100)
    is_sandbox = models.BooleanField(_("sandbox"))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table_comment = "The bot this database belongs to (one row)"
        verbose_name = verbose_name_plural = _("this bot")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ck_bot_identity_single")]

    def __str__(self) -> str:
        return f"@{self.username}"


@not_audited("It moves with every message.")
class RateBucket(models.Model):
    """A rate budget shared by all processes, as a theoretical arrival time (GCRA)."""

    name = models.CharField(primary_key=True, max_length=50)
    arrival = models.DateTimeField(db_default=Now())

    class Meta:
        db_table_comment = "Rate budgets: when the next message of a kind would be due"

    def __str__(self) -> str:
        return self.name


@not_audited("It moves with every message.")
class DialogPace(models.Model):
    """The rate budget of one chat."""

    dialog = models.OneToOneField(Dialog, on_delete=models.CASCADE, primary_key=True)
    arrival = models.DateTimeField(db_default=Now())
    limited_at = models.DateTimeField(null=True)

    class Meta:
        db_table_comment = "Per chat: when its next message would be due, and when Telegram last said 429"
        indexes = [
            # Most lie in the past; the sender wants those in the future.
            models.Index(fields=["arrival"], name="ix_pace_arrival"),
            models.Index(
                fields=["limited_at"], name="ix_pace_limited_at", condition=Q(limited_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.dialog_id)


@not_audited("It moves all the time.")
class Heartbeat(models.Model):
    """The last sign of life of one service (poller, sender, worker)."""

    service = models.CharField(primary_key=True, max_length=50)
    holder = models.CharField(max_length=200)
    beat_at = models.DateTimeField(db_default=Now())
    problem = models.TextField(db_default="", default="")

    class Meta:
        db_table_comment = "Last sign of life of each service"

    def __str__(self) -> str:
        return self.service


@not_audited("It remembers a notice; nobody decides it.")
class FailureKind(models.Model):
    """One kind of failure the owner was told of; told again only when it still happens a day later."""

    kind = models.CharField(primary_key=True, max_length=200)
    notified_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table_comment = "Kinds of failure the owner was told of"

    def __str__(self) -> str:
        return self.kind


@not_audited("It follows from the commands, which are audited.")
class CommandMenu(models.Model):
    """The command menu Telegram last accepted for one scope and language."""

    scope = models.CharField(max_length=60)
    language = models.CharField(max_length=10, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        db_table_comment = "What Telegram shows as the command menu, by scope and language"
        constraints = [models.UniqueConstraint(fields=["scope", "language"], name="uq_menu_scope_language")]

    def __str__(self) -> str:
        return f"{self.scope} {self.language}"


@not_audited("It moves all the time.")
class RollupCursor(models.Model):
    """How far a roll-up has counted; counters are summed from rows, never incremented in place."""

    name = models.CharField(primary_key=True, max_length=50)
    position = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table_comment = "How far each roll-up has counted"

    def __str__(self) -> str:
        return self.name
