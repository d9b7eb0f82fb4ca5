"""List filters with a fixed choice: asking a million rows for their distinct values takes seconds."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise


class KnownValueFilter(SimpleListFilter):
    """Filters a text column by values that are known beforehand."""

    values: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The values in words."""
        return [(value, self.word(value)) for value in self.values]

    def word(self, value: str) -> str:
        """What people call a value."""
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen value."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class ConditionFilter(SimpleListFilter):
    """One choice besides all rows: those for which a condition holds."""

    choice: Promise | str = ""

    def condition(self) -> Q:
        """Which rows these are."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """One choice besides all."""
        return [("1", self.choice)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The chosen rows."""
        return queryset.filter(self.condition()) if self.value() == "1" else queryset
