"""Something to query."""

from __future__ import annotations

from django.db import models


class Product(models.Model):
    """A thing in a catalogue."""

    title = models.CharField(max_length=100)
    category = models.CharField(max_length=20)

    class Meta:
        db_table_comment = "Rows for the views that are measured"

    def __str__(self) -> str:
        return self.title
