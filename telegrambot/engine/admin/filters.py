"""The filters of the engine's lists."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin_filters import KnownValueFilter
from telegrambot.engine.admin import presentation
from telegrambot.engine.dashboard import put_aside
from telegrambot.engine.health import waits_to_leave
from telegrambot.engine.intake import ALLOWED_UPDATES
from telegrambot.engine.models import Message
from telegrambot.engine.resending import was_sent_again


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


class WaitingFilter(SimpleListFilter):
    """Messages that somebody has to decide about."""

    title = _("decision")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """One choice besides all."""
        return [("1", _("Waits for a person"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Failed or uncertain, and not sent again."""
        if self.value() != "1":
            return queryset
        undelivered = [Message.Status.FAILED, Message.Status.UNCERTAIN]
        return queryset.filter(~was_sent_again(), status__in=undelivered)


class LeavingFilter(SimpleListFilter):
    """Messages that should leave soon."""

    title = _("queue")
    parameter_name = "leaving"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """One choice besides all."""
        return [("1", _("Only what is about to leave"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Queued, and neither held back nor put off."""
        return queryset.filter(waits_to_leave()) if self.value() == "1" else queryset


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
