"""List filters with a fixed choice: asking a million rows for their distinct values takes seconds."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.admin import presentation
from telegrambot.engine.dashboard import put_aside
from telegrambot.engine.intake import ALLOWED_UPDATES


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


class UpdateKindFilter(KnownValueFilter):
    """Updates by their kind."""

    title = _("kind")
    parameter_name = "kind"
    values = ALLOWED_UPDATES

    def word(self, value: str) -> str:
        """What happened, in words."""
        return presentation.update_kind(value)


class PutAsideFilter(SimpleListFilter):
    """Updates that could not be read or stored; nobody but a person can tell what they were."""

    title = _("put aside")
    parameter_name = "put_aside"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """One choice besides all."""
        return [("1", _("Only what was put aside"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Failed, and of no chat."""
        return queryset.filter(put_aside()) if self.value() == "1" else queryset


class MessageTypeFilter(KnownValueFilter):
    """Messages by what they carry."""

    title = _("type")
    parameter_name = "message_type"
    values = (
        "text",
        "photo",
        "video",
        "document",
        "album",
        "voice",
        "audio",
        "video_note",
        "animation",
        "sticker",
        "location",
        "contact",
        "other",
    )

    def word(self, value: str) -> str:
        """What the message carries, in words."""
        return presentation.message_type(value)
