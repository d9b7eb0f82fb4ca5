"""The trace a view leaves."""

from __future__ import annotations

from django.db import models


class Effect(models.Model):
    """One run of a view that was committed."""

    chat = models.BigIntegerField()
    text = models.TextField()

    class Meta:
        db_table_comment = "Runs of a test's chat view"

    def __str__(self) -> str:
        return f"{self.chat}: {self.text}"
