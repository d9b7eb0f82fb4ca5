"""The tables that show whether anybody altered the log."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.append_only import AppendOnlyModel, AppendOnlyQuerySet
from audit.audited import not_audited


@not_audited("It is part of the log.")
class AuditSeal(AppendOnlyModel):
    """What a stretch of the log held, chained to the seal before it. See seals.py."""

    id = models.BigIntegerField(_("number"), primary_key=True)
    first_event_id = models.BigIntegerField(_("first event"), unique=True)
    last_event_id = models.BigIntegerField(_("last event"), unique=True)
    event_count = models.IntegerField(_("events"))
    digest = models.BinaryField(_("digest of the events"))
    previous_hash = models.BinaryField(_("hash of the seal before"), unique=True)
    hash = models.BinaryField(_("hash"), unique=True)
    sealed_at = models.DateTimeField(_("sealed"))

    objects = AppendOnlyQuerySet["AuditSeal"].as_manager()

    class Meta:
        base_manager_name = "objects"
        db_table = "audit_seal"
        db_table_comment = "Seals of the log, each chained to the one before; append-only"
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            models.CheckConstraint(condition=Q(last_event_id__gte=F("first_event_id")), name="ck_seal_range"),
            models.CheckConstraint(condition=Q(event_count__gt=0), name="ck_seal_event_count"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


@not_audited("It is part of the log.")
class SealedEvent(AppendOnlyModel):
    """The hash that an event had when it was sealed: names the event when it has another one now."""

    event_id = models.BigIntegerField(_("event"), primary_key=True)
    seal_id = models.BigIntegerField(_("seal"))
    hash = models.BinaryField(_("hash"))

    objects = AppendOnlyQuerySet["SealedEvent"].as_manager()

    class Meta:
        base_manager_name = "objects"
        db_table_comment = "The hash of every sealed event; append-only"
        verbose_name = _("sealed event")
        verbose_name_plural = _("sealed events")

    def __str__(self) -> str:
        return str(self.pk)
