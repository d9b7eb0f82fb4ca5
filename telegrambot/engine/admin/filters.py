"""List filters with a fixed choice: asking a million rows for their distinct values takes seconds."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.intake import ALLOWED_UPDATES


class KnownValueFilter(SimpleListFilter):
    """Filters a text column by values that are known beforehand."""

    values: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The values, as Telegram names them."""
        return [(value, value.replace("_", " ")) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen value."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class UpdateKindFilter(KnownValueFilter):
    """Updates by their kind."""

    title = _("kind")
    parameter_name = "kind"
    values = ALLOWED_UPDATES


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
