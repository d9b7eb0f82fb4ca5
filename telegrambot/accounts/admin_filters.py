"""Filters of the lists of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.filters import EmptyFieldListFilter
from django.utils.translation import gettext_lazy as _


class HappenedFilter(EmptyFieldListFilter):
    """Whether a moment is known: "blocked the bot: yes or no"."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice, label in zip(super().choices(changelist), (_("All"), _("No"), _("Yes")), strict=True):
            yield {**choice, "display": label}
