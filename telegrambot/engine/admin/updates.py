"""Updates in the browser: what came in, what failed and why; *retry*."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.admin_search import whole_number
from telegrambot.engine import services
from telegrambot.engine.admin import presentation, search
from telegrambot.engine.admin.decisions import DecisionAdmin
from telegrambot.engine.admin.filters import PutAsideFilter, UpdateKindFilter
from telegrambot.engine.models import BotIdentity, InboundUpdate


@admin.register(InboundUpdate)
class InboundUpdateAdmin(DecisionAdmin):
    """Every update received."""

    list_display = (
        "received_at",
        "status_label",
        "what",
        "dialog_link",
        "short_error",
        "attempts",
        "id",
    )
    list_display_links = ("received_at", "what")
    list_filter = ("status", PutAsideFilter, UpdateKindFilter, "source", ("received_at", DateFieldListFilter))
    list_select_related = ("dialog",)
    nothing_yet = _("Whatever people do in Telegram arrives here first. Write to your bot to see it.")
    search_fields = ("id", "update_id")
    search_help_text = _("Number, update id, chat id, Telegram id, or the beginning of a person's name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "status",
                    "error",
                    "attempts",
                    "kind_in_words",
                    "command",
                    "dialog_link",
                    "person_link",
                )
            },
        ),
        (
            _("Details"),
            {
                "fields": (
                    "update_id",
                    "bot_id",
                    "source",
                    "received_at",
                    "not_before",
                    "processed_at",
                    "folded_payload",
                )
            },
        ),
    )
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundUpdate]:
        """Without what is sealed: nobody reads it here, and a lost key must not close the page."""
        is_sealed = ExpressionWrapper(Q(sealed__isnull=False), output_field=BooleanField())
        return super().get_queryset(request).defer("sealed").annotate(is_sealed=is_sealed)

    def matching(self, term: str) -> Q:
        """By our number, Telegram's, or the chat."""
        found = Q(dialog__in=search.dialogs(term))
        if (number := whole_number(term)) is not None:
            # The index on update_id begins with the bot.
            found |= Q(pk=number) | Q(bot_id=BotIdentity.objects.values("bot_id")[:1], update_id=number)
        return found

    def decisions_about(self, row: Any) -> list[str]:
        """Retry what failed, unless there is nothing left of it to try."""
        can_be_handled = (row.payload is not None or row.is_sealed) and row.dialog_id is not None
        return ["retry"] if row.status == InboundUpdate.Status.FAILED and can_be_handled else []

    @admin.action(description=_("Retry"), permissions=["decide"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the chosen failed updates be handled once more."""
        self.carry_out(
            request,
            queryset,
            services.retry_updates,
            lambda count: (
                ngettext(
                    "%(count)d update will be handled again.",
                    "%(count)d updates will be handled again.",
                    count,
                )
                % {"count": count}
            ),
            status__exact="pending",
        )

    @display(description=_("status"), ordering="status", label=presentation.UPDATE_STATUS_COLOURS)
    def status_label(self, update: InboundUpdate) -> tuple[str, str]:
        """The status in its colour."""
        return update.status, update.get_status_display()

    @display(description=_("what"))
    def what(self, update: InboundUpdate) -> str:
        """The command, or else the kind in words."""
        return f"/{update.command}" if update.command else presentation.update_kind(update.kind)

    @display(description=_("kind"))
    def kind_in_words(self, update: InboundUpdate) -> str:
        """What happened."""
        return presentation.update_kind(update.kind)

    @display(description=_("dialog"))
    def dialog_link(self, update: InboundUpdate) -> SafeString | str:
        """The chat it came from."""
        return presentation.dialog_link(update.dialog)

    @display(description=_("person"))
    def person_link(self, update: InboundUpdate) -> SafeString | str:
        """The person the chat is with."""
        return presentation.person_link(update.dialog.person if update.dialog else None)

    @display(description=_("error"))
    def short_error(self, update: InboundUpdate) -> str:
        """The beginning of the error."""
        return Truncator(update.error).chars(80)

    @display(description=_("payload"))
    def folded_payload(self, update: InboundUpdate) -> SafeString | Promise | str:
        """The update as Telegram sent it."""
        if update.is_sealed:  # type: ignore[attr-defined]
            return _("This chat keeps no history: it is encrypted until it is handled, then erased.")
        return presentation.folded_json(update.payload)
