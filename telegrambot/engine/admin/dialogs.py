"""Chats in the browser, each with what was said in it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.history import HistoryAdmin
from config.admin_pagination import OLDER
from config.admin_readonly import ReadOnlyAdmin
from config.admin_search import whole_number
from telegrambot.engine.admin import conversation, presentation, search
from telegrambot.engine.models import Dialog, Message


@admin.register(Dialog)
class DialogAdmin(HistoryAdmin, ReadOnlyAdmin):
    """Every chat the bot sees; its page shows the conversation."""

    change_form_outer_before_template = "engine/admin/conversation.html"
    list_display = ("label", "type", "person_link", "telegram_dialog_id", "updated_at", "id")
    list_display_links = ("label",)
    list_filter = ("type", ("updated_at", DateFieldListFilter))
    list_select_related = ("person",)
    nothing_yet = _("A chat appears when somebody writes to the bot or adds it to a group.")
    search_fields = ("id",)
    search_help_text = _("Number, chat id, Telegram id, or the beginning of a person's name")
    fieldsets = (
        (_("About this chat"), {"fields": ("title", "type", "person_link", "keep_history", "folded_state")}),
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
                )
            },
        ),
    )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add a page of the conversation; a place that is none shows the newest."""
        number = whole_number(object_id)
        said = Message.objects.filter(dialog=number).defer("sealed")
        context = (extra_context or {}) | {
            "conversation": conversation.read(said, ("timestamp", "pk"), request.GET.get(OLDER, "")),
        }
        return super().change_view(request, object_id, form_url, context)

    def matching(self, term: str) -> Q:
        """By our number, the chat id or the person."""
        found = Q(pk__in=search.dialogs(term))
        if (number := whole_number(term)) is not None:
            found |= Q(pk=number)
        return found

    @display(description=_("chat"))
    def label(self, dialog: Dialog) -> str:
        """The title, or the chat's number at Telegram."""
        return str(dialog)

    @display(description=_("person"))
    def person_link(self, dialog: Dialog) -> SafeString | str:
        """Whom the chat is with."""
        return presentation.person_link(dialog.person)

    @display(description=_("in the middle of"))
    def folded_state(self, dialog: Dialog) -> SafeString | str:
        """What the chat waits for."""
        if "sealed" in dialog.state:
            return gettext("A question that is not kept in plain: this chat keeps no history.")
        return presentation.folded_json(dialog.state)
