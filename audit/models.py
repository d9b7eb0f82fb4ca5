"""The append-only log of what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Func
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from audit.append_only import AppendOnlyModel, AppendOnlyQuerySet
from audit.audited import not_audited
from audit.context import SYSTEM
from audit.seal_models import AuditSeal, SealedEvent

__all__ = ["AuditSeal", "EventLog", "EventLogQuerySet", "Origin", "SealedEvent"]


class Origin(models.TextChoices):
    """From where a change was made."""

    CHAT = "chat", _("chat")
    ADMIN = "admin", pgettext_lazy("where from", "admin")
    TASK = "task", _("background job")
    COMMAND = "command", _("command line")
    SHELL = "shell", _("database")


class ClockTimestamp(Func):
    """The moment itself, also in the middle of a transaction."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class TransactionId(Func):
    """The number of the current transaction."""

    function = "pg_current_xact_id"
    template = "%(function)s()::text"
    output_field = models.TextField()


class Details(models.JSONField):
    """What an event tells, by names. What somebody wrote with SQL that has no names gets one."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Read it, also numbers and nestings that Python refuses: as text."""
        try:
            found = super().from_db_value(value, expression, connection)
        except (ValueError, RecursionError):
            found = value
        return found if isinstance(found, dict) or isinstance(expression, KeyTransform) else {"?": found}

    def deconstruct(self) -> Any:
        """To the database it is any JSON."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class EventLogQuerySet(AppendOnlyQuerySet["EventLog"]):
    """Events, by the questions people ask."""

    def of(self, entity: models.Model) -> EventLogQuerySet:
        """What happened to one thing."""
        # Triggers know of no proxies; who records an event of one calls it by its own name.
        models_of_it = {type(entity), entity._meta.concrete_model or type(entity)}
        kinds = sorted({model._meta.label_lower for model in models_of_it})
        return self.filter(entity_type__in=kinds, entity_id=str(entity.pk))

    def by(self, *user_ids: str) -> EventLogQuerySet:
        """What these actors did."""
        return self.filter(user_id__in=user_ids)

    def correlated(self, correlation_id: str) -> EventLogQuerySet:
        """What happened in one update, request or task; nothing for an empty id."""
        return self.filter(correlation_id=correlation_id) if correlation_id else self.none()

    def since(self, moment: datetime) -> EventLogQuerySet:
        """What happened at a moment or later."""
        return self.filter(timestamp__gte=moment)

    def newest_first(self) -> EventLogQuerySet:
        """The last one written first."""
        return self.order_by("-id")


@not_audited("It is the log.")
class EventLog(AppendOnlyModel):
    """One thing that happened. Triggers and `audit.services.record` write rows, and nobody changes them."""

    id = models.BigAutoField(primary_key=True)
    user_id = models.CharField(_("who"), max_length=100, db_default=SYSTEM)
    action = models.CharField(_("what"), max_length=100)
    entity_type = models.CharField(_("kind of thing"), max_length=50, db_default="")
    entity_id = models.CharField(_("thing"), max_length=100, db_default="")
    origin = models.CharField(_("from"), max_length=20, choices=Origin, db_default=Origin.SHELL)
    correlation_id = models.CharField(_("belongs to"), max_length=100, db_default="")
    details = Details(_("details"), db_default={})
    transaction_id = models.BigIntegerField(
        _("transaction"), db_default=Cast(TransactionId(), models.BigIntegerField())
    )
    timestamp = models.DateTimeField(_("when"), db_default=ClockTimestamp())
    created_at = models.DateTimeField(_("recorded"), db_default=Now())

    objects = EventLogQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        db_table_comment = "What changed, who changed it and whence; append-only"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # Every write of every table keeps each of these up (docs/adr/0013).
        indexes = [
            models.Index("user_id", "id", name="ix_eventlog_user_id"),
            models.Index("entity_type", "entity_id", "id", name="ix_eventlog_entity"),
            models.Index("timestamp", "id", name="ix_eventlog_timestamp"),
            models.Index("action", "id", name="ix_eventlog_action"),
            models.Index("entity_type", "id", name="ix_eventlog_kind"),
            models.Index("origin", "id", name="ix_eventlog_origin"),
            models.Index("correlation_id", name="ix_eventlog_correlation"),
        ]

    def __str__(self) -> str:
        return gettext("Event {number}").format(number=self.pk)

    def side(self, name: str) -> dict[str, Any]:
        """The columns "before" or "after", as far as the event tells any."""
        values = self.details.get(name)
        return values if isinstance(values, dict) else {}

    @property
    def private(self) -> list[str]:
        """The columns that changed, and whose values were not kept."""
        names = self.details.get("private")
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Each changed column with its value before and after; a private one has neither."""
        before, after = self.side("before"), self.side("after")
        names = dict.fromkeys([*before, *after])
        return {name: (before.get(name), after.get(name)) for name in names}
