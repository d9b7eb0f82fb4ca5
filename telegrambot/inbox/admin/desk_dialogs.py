"""Chats in the browser, with what the reply desk may do in them: drafts, answers by itself, history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine import privacy
from telegrambot.engine.admin import DialogAdmin
from telegrambot.engine.admin.decisions import DecisionAdmin
from telegrambot.engine.models import Dialog
from telegrambot.inbox.desk import dialogs, trust
from telegrambot.vault import settings_store

# The same list, with more to decide.
admin.site.unregister(Dialog)


@admin.register(Dialog)
class DeskDialogAdmin(DecisionAdmin, DialogAdmin):
    """Every chat the bot sees; operators choose for which of them drafts are made."""

    change_form_outer_before_template = "inbox/desk_dialog.html"
    list_display: Any = (
        "label",
        "type",
        "person_link",
        "desk_label",
        "telegram_dialog_id",
        "updated_at",
        "id",
    )
    list_filter: Any = (*DialogAdmin.list_filter, "is_processing_enabled", "auto_send_enabled")
    actions = ("drafts_on", "drafts_off", "automatic_on", "automatic_off", "history_off", "history_on")
    fieldsets: Any = (
        DialogAdmin.fieldsets[0],
        (_("Reply desk"), {"fields": ("is_processing_enabled", "auto_send_enabled", "earned")}),
        *DialogAdmin.fieldsets[1:],
    )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who decides about drafts decides where they are made."""
        return bool(request.user.has_perm("inbox.change_draftreply"))

    def has_automate_permission(self, request: HttpRequest) -> bool:
        """Whether answers may be let out without a person: owners."""
        return bool(request.user.has_perm("inbox.change_automatictopic"))

    def decisions_about(self, row: Dialog) -> list[str]:
        """What is otherwise now."""
        if row.type != Dialog.Type.PRIVATE:
            return ["history_off" if row.keep_history else "history_on"]
        return [
            "drafts_off" if row.is_processing_enabled else "drafts_on",
            "automatic_off" if row.auto_send_enabled else "automatic_on",
            "history_off" if row.keep_history else "history_on",
        ]

    def hint_about(self, row: Dialog) -> str:
        """What is on, and how far automatic answers are."""
        return f"{self._state(row)} {self.earned(row)}" if row.type == Dialog.Type.PRIVATE else ""

    # ── Actions ───────────────────────────────────────────────────────────────────────────────────────────

    @admin.action(description=_("Make drafts"), permissions=["decide"])
    def drafts_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Have answers suggested in these chats."""
        self.carry_out(request, queryset, _drafts(True), _on, is_processing_enabled__exact="1")

    @admin.action(description=_("Make no drafts"), permissions=["decide"])
    def drafts_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Have none suggested any more."""
        self.carry_out(request, queryset, _drafts(False), _off)

    @admin.action(description=_("Answer automatically"), permissions=["automate"])
    def automatic_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let answers out without a person where that was earned."""
        actor, count, refusals = actor_of(request), 0, []
        for row in queryset.filter(auto_send_enabled=False):
            try:
                dialogs.set_auto_send(row, True, actor=actor)
            except DomainError as refusal:
                refusals.append(f"{row}: {refusal}")
            else:
                count += 1
        if count or not refusals:
            self.tell(
                request, _automatic(count), shown_by={"auto_send_enabled__exact": "1"} if count else None
            )
        if refusals:
            left = len(refusals) - 1
            more = ngettext("(and %(count)d more chat)", "(and %(count)d more chats)", left) % {"count": left}
            self.tell(request, f"{refusals[0]} {more if left else ''}", messages.ERROR)

    @admin.action(description=_("Do not answer automatically"), permissions=["decide"])
    def automatic_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let a person approve every answer again."""
        actor, count = actor_of(request), 0
        for row in queryset.filter(auto_send_enabled=True):
            dialogs.set_auto_send(row, False, actor=actor)
            count += 1
        self.tell(
            request,
            ngettext(
                "%(count)d chat is no longer answered automatically.",
                "%(count)d chats are no longer answered automatically.",
                count,
            )
            % {"count": count},
        )

    @admin.action(description=_("Keep no history"), permissions=["decide"])
    def history_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
        """Erase what was said in these chats, and keep nothing from now on."""
        question = self.ask_first(
            request,
            queryset,
            action="history_off",
            question=gettext("Keep no history of these chats?"),
            warning=gettext(
                "What was said there is erased, and nothing is kept from now on. This cannot be undone."
            ),
        )
        if question is None:
            self._keep(request, queryset, False)
        return question

    @admin.action(description=_("Keep the history"), permissions=["decide"])
    def history_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Keep what is said from now on."""
        self._keep(request, queryset, True)

    def _keep(self, request: HttpRequest, queryset: QuerySet[Any], is_kept: bool) -> None:
        actor: Any = actor_of(request) or request.user
        count = sum(privacy.set_keep_history(row, is_kept, actor=actor) for row in queryset)
        sentence = (
            ngettext(
                "The history of %(count)d chat is kept from now on.",
                "The history of %(count)d chats is kept from now on.",
                count,
            )
            if is_kept
            else ngettext(
                "The history of %(count)d chat is being erased, and none is kept.",
                "The history of %(count)d chats is being erased, and none is kept.",
                count,
            )
        )
        self.tell(request, sentence % {"count": count})

    # ── Columns ───────────────────────────────────────────────────────────────────────────────────────────

    @display(description=_("answers"), label={"drafts": "info", "automatic": "warning", "": "default"})
    def desk_label(self, dialog: Dialog) -> tuple[str, str]:
        """What the desk does in the chat."""
        if not dialog.is_processing_enabled:
            return "", gettext("by hand")
        if dialog.auto_send_enabled:
            return "automatic", gettext("automatic")
        return "drafts", gettext("drafts")

    @display(description=_("earned"))
    def earned(self, dialog: Dialog) -> str:
        """How far the chat is on its way to automatic answers."""
        needed = settings_store.get("drafting.approvals_needed", int)
        found = trust.earned(trust.of_dialog(dialog))
        return gettext("{count} of {needed} drafts in a row were approved with small edits.").format(
            count=found, needed=needed
        )

    def _state(self, dialog: Dialog) -> str:
        if not dialog.is_processing_enabled:
            return gettext("No drafts are made for this chat.")
        if dialog.auto_send_enabled:
            return gettext("Drafts are made for this chat, and good ones go out by themselves.")
        return gettext("Drafts are made for this chat, and a person approves each.")


def _drafts(is_enabled: bool) -> Any:
    def switch(chosen: Any, *, actor: TelegramUser | None) -> int:
        return dialogs.set_processing(chosen, is_enabled, actor=actor)

    return switch


def _on(count: int) -> str:
    return ngettext(
        "Drafts are made for %(count)d more chat.", "Drafts are made for %(count)d more chats.", count
    ) % {"count": count}


def _off(count: int) -> str:
    return ngettext(
        "No drafts are made for %(count)d chat any more.",
        "No drafts are made for %(count)d chats any more.",
        count,
    ) % {"count": count}


def _automatic(count: int) -> str:
    return ngettext(
        "Good answers go out by themselves in %(count)d more chat.",
        "Good answers go out by themselves in %(count)d more chats.",
        count,
    ) % {"count": count}
