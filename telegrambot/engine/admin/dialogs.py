"""Chats in the browser, each with what was said last."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from telegrambot.engine.admin import presentation, search
from telegrambot.engine.admin.readonly import ReadOnlyAdmin
from telegrambot.engine.models import Dialog

LAST_MESSAGES = 50


@admin.register(Dialog)
class DialogAdmin(ReadOnlyAdmin):
    """Every chat the bot sees."""

    list_display = ("id", "title", "type", "person_link", "telegram_dialog_id", "updated_at")
    list_display_links = ("id", "title")
    list_filter = ("type", ("updated_at", DateFieldListFilter))
    list_select_related = ("person",)
    ordering = ("-id",)
    search_fields = ("id",)
    search_help_text = _("Number, chat id, Telegram id, or the beginning of a person's name")
    fieldsets = (
        (None, {"fields": ("title", "type", "person_link", "last_messages")}),
        (
            _("Details"),
            {
                "fields": (
                    "platform",
                    "telegram_dialog_id",
                    "business_connection_id",
                    "bot_id",
                    "created_at",
                    "updated_at",
                    "folded_state",
                )
            },
        ),
    )

    def matching(self, term: str) -> Q:
        """By our number, the chat id or the person."""
        found = Q(pk__in=search.dialogs(term))
        if (number := search.number(term)) is not None:
            found |= Q(pk=number)
        return found

    @display(description=_("person"))
    def person_link(self, dialog: Dialog) -> SafeString | str:
        """Whom the chat is with."""
        return presentation.person_link(dialog.person)

    @display(description=_("last messages"))
    def last_messages(self, dialog: Dialog) -> SafeString | str:
        """What was said last, oldest first."""
        newest = dialog.messages.order_by("-timestamp", "-id")[:LAST_MESSAGES]
        messages = [(message, presentation.readable(message)) for message in reversed(newest)]
        return render_to_string("engine/admin/last_messages.html", {"messages": messages})

    @display(description=_("in the middle of"))
    def folded_state(self, dialog: Dialog) -> SafeString | str:
        """What the chat waits for."""
        return presentation.folded_json(dialog.state)
