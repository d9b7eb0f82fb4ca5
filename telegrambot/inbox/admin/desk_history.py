"""Every draft there was: what was suggested, what a person made of it, what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.history import HistoryAdmin
from config.admin_search import whole_number
from telegrambot.engine.admin import presentation, search
from telegrambot.inbox.admin.numbers import NumbersPage
from telegrambot.inbox.models import DraftReply, SystemPrompt, UserSelectedModel

_COLOURS = {
    "pending_approval": "warning",
    "approved": "info",
    "sent": "success",
    "failed": "danger",
    "rejected": "danger",
    "superseded": "default",
}
# Versions to choose from; older ones are found by going back.
_VERSIONS = 50


class OperatorFilter(SimpleListFilter):
    """Drafts by whose model it was."""

    title = _("drafted for")
    parameter_name = "operator"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Everybody who has chosen a model."""
        rows = UserSelectedModel.objects.exclude(operator=None).select_related("operator")
        return [(str(row.operator_id), str(row.operator)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only what stands in the choice."""
        known = {value for value, _words in self.lookup_choices}
        return queryset.filter(operator=self.value()) if self.value() in known else queryset


class PromptFilter(SimpleListFilter):
    """Drafts by the version of the instructions."""

    title = _("instructions")
    parameter_name = "prompt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """The latest versions, everybody's and each operator's."""
        rows = SystemPrompt.objects.select_related("operator").defer("text").order_by("-pk")[:_VERSIONS]
        return [(str(row.pk), f"{row.operator or gettext('everybody')} · {row}") for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only what stands in the choice."""
        known = {value for value, _words in self.lookup_choices}
        return queryset.filter(prompt=self.value()) if self.value() in known else queryset


@admin.register(DraftReply)
class DraftReplyAdmin(HistoryAdmin, NumbersPage):
    """The list of all drafts, and above it the desk."""

    list_display = (
        "id",
        "person",
        "status_label",
        "made_by",
        "prompt",
        "decided_by",
        "decided_at",
        "edited_part",
        "cost",
        "created_at",
    )
    list_display_links = ("id",)
    list_filter = ("status", "provider", OperatorFilter, PromptFilter)
    list_select_related = ("dialog__person", "decided_by", "prompt")
    nothing_yet = _("Drafts appear when somebody writes in a chat for which drafts are switched on.")
    search_fields = ("id",)
    search_help_text = _("Number, Telegram id, or the beginning of a person's name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "person",
                    "status",
                    "suggestion",
                    "sent_text",
                    "decided_by",
                    "decided_at",
                    "is_automatic",
                    "fault",
                    "rejection_reason",
                    "error",
                )
            },
        ),
        (
            _("Made from"),
            {
                "fields": (
                    "made_by",
                    "operator",
                    "prompt",
                    "last_message_timestamp",
                    "folded_sources",
                    "tokens_in",
                    "tokens_out",
                    "cost",
                    "drafting_ms",
                )
            },
        ),
    )

    class Media:
        css = {"all": ["inbox/desk.css"]}
        js = ["inbox/desk_diff.js", "inbox/desk.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DraftReply]:
        """The list needs no texts."""
        found: QuerySet[DraftReply] = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("list")
        return found.defer("suggested_response", "edited_response", "made_from") if is_list else found

    def matching(self, term: str) -> Q:
        """By our number, or the person."""
        found = Q(dialog__in=search.dialogs(term))
        if (number := whole_number(term)) is not None:
            found |= Q(pk=number)
        return found

    @display(description=_("person"))
    def person(self, draft: DraftReply) -> SafeString | str:
        """Whom it was to be sent."""
        return presentation.dialog_link(draft.dialog)

    @display(description=_("status"), label=_COLOURS)
    def status_label(self, draft: DraftReply) -> tuple[str, str]:
        """The status in its colour."""
        return draft.status, draft.get_status_display()

    @display(description=_("model"))
    def made_by(self, draft: DraftReply) -> str:
        """Who runs it, and which one."""
        name = "" if draft.provider == "built_in" else draft.model_name
        return " · ".join(filter(None, [draft.get_provider_display(), name]))

    @display(description=_("edited"))
    def edited_part(self, draft: DraftReply) -> str:
        """How much of it was changed."""
        return "" if draft.edit_share is None else f"{number_format(round(draft.edit_share * 100))} %"

    @display(description=_("suggestion"))
    def suggestion(self, draft: DraftReply) -> SafeString:
        """As the model wrote it."""
        return presentation.whole_text(draft.suggested_response)

    @display(description=_("edited"))
    def sent_text(self, draft: DraftReply) -> SafeString:
        """As the operator worded it."""
        return presentation.whole_text(draft.edited_response)

    @display(description=_("made from"))
    def folded_sources(self, draft: DraftReply) -> SafeString | str:
        """Messages and sources, as they were kept."""
        return presentation.folded_json(draft.made_from)
