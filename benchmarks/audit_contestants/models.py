"""One table, watched in six ways: each as its documentation shows it."""

from __future__ import annotations

import pghistory
from auditlog.registry import auditlog
from django.db import models
from simple_history.models import HistoricalRecords

from audit.audited import audited
from config.schema import TimestampedModel


class Order(TimestampedModel):
    """What is ordered: a table like the middle one of ours, which have one to fifteen indexes.

    Time stamps that the database keeps, three indexes beside the key, two constraints.
    """

    name = models.CharField(max_length=100)
    status = models.CharField(max_length=20)
    amount = models.IntegerField()
    text = models.TextField()

    class Meta:
        abstract = True
        indexes = (
            models.Index(fields=["status"]),
            models.Index(fields=["name"]),
            models.Index(fields=["amount", "-id"]),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="%(class)s_amount"),
            models.CheckConstraint(condition=~models.Q(status=""), name="%(class)s_status"),
        )

    def __str__(self) -> str:
        return self.name


class Unaudited(Order):
    """Nobody watches."""


@audited()
class Ours(Order):
    """Statement triggers of ours."""


@pghistory.track()
class PghistoryRow(Order):
    """Row triggers, the default of django-pghistory."""


@pghistory.track(level=pghistory.Statement)
class PghistoryStatement(Order):
    """Its statement triggers."""


class SimpleHistory(Order):
    """Signals of Django, a second table of the same columns."""

    history = HistoricalRecords()


class Auditlog(Order):
    """Signals of Django, one log for all tables."""


auditlog.register(Auditlog)
