"""The marks of what was handled, for whoever wonders why an update did nothing."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.admin_readonly import ReadOnlyAdmin
from telegrambot.engine.models import ProcessedMessage


@admin.register(ProcessedMessage)
class ProcessedMessageAdmin(ReadOnlyAdmin):
    """One key per thing that was handled."""

    list_display = ("message_id", "processed_at")
    list_filter = (("processed_at", DateFieldListFilter),)
    keyset = ("processed_at", "pk")
    nothing_yet = _("A line appears for each message and button press that was handled.")
    search_fields = ("message_id",)
    search_help_text = _("The beginning of a key, such as msg or cb")
    fieldsets = ((None, {"fields": ("message_id", "processed_at")}),)

    def matching(self, term: str) -> Q:
        """By the beginning of the key."""
        return Q(message_id__startswith=term)
