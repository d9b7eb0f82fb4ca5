"""Broadcasts in the browser: the list, the form of what has not started, the page of what has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.forms import ModelForm, modelform_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin_pagination import EstimatedChangeList, EstimatedPaginator
from config.errors import DomainError
from telegrambot.accounts.service_admin import actor_of
from telegrambot.broadcasts import ledger, services
from telegrambot.broadcasts.admin.bubble import bubble_of
from telegrambot.broadcasts.admin.forms import BroadcastForm
from telegrambot.broadcasts.admin.ledger_page import LedgerPage
from telegrambot.broadcasts.admin.standing import COLOURS, Standing, moment_of, obstacle, reach_of
from telegrambot.broadcasts.bot import texts
from telegrambot.broadcasts.exceptions import NotADraft
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.resending import was_sent_again

Status = Broadcast.Status


class BroadcastChangeList(EstimatedChangeList):
    """The list; of those that run it tells how far they are, in one query for the page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read one page."""
        super().get_results(request)
        self.result_list = found = list(self.result_list)
        _count_anew([broadcast for broadcast in found if broadcast.is_running])


@admin.register(Broadcast)
class BroadcastAdmin(LedgerPage):
    """What the bot announces."""

    form = BroadcastForm
    change_form_outer_before_template = "broadcasts/admin/page.html"
    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 50
    warn_unsaved_form = True
    empty_value_display = "–"
    nothing_yet = _("Write your first broadcast here, or send /broadcast to the bot.")
    list_display = ("title", "status_label", "audience", "planned", "received", "failed", "due")
    list_display_links = ("title",)
    list_filter = ("status", "target_audience", "needs_confirmation")
    list_select_related = ("segment",)
    sortable_by = ("title", "due")
    ordering = ("-created_at", "pk")
    search_fields = ("title",)
    search_help_text = _("A part of the title")
    open_fieldsets = (
        (None, {"fields": ("title", "target_audience", "segment")}),
        (_("Message"), {"fields": ("message_text", "upload", "remove_files", "buttons")}),
    )
    fieldsets = (
        (
            _("Details"),
            {"fields": ("audience", "started_at", "sent_at", "schedule", "created_by", "created_at")},
        ),
    )

    class Media:
        css = {"all": ("broadcasts/broadcasts.css",)}
        js = ("broadcasts/compose.js", "broadcasts/live.js")

    # ── Who may what ──────────────────────────────────────────────────────────────────────────────────────

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("broadcasts.add_broadcast")

    def has_change_permission(self, request: HttpRequest, obj: Broadcast | None = None) -> bool:
        """What has started is decided about, and edited no more."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_open)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = request.user.has_perm("broadcasts.delete_broadcast")
        return may and (obj is None or obj.is_open)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete nothing in bulk."""
        return {}

    # ── List ──────────────────────────────────────────────────────────────────────────────────────────────

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BroadcastChangeList]:
        return BroadcastChangeList

    @display(description=_("status"), label=COLOURS)
    def status_label(self, broadcast: Broadcast) -> tuple[str, str]:
        """The status in its colour; what waits for a person stands out."""
        if broadcast.needs_confirmation:
            return "WAITS", str(_("waits for a confirmation"))
        return Status(broadcast.status).name, broadcast.get_status_display()

    @display(description=_("for"))
    def audience(self, broadcast: Broadcast) -> str:
        return texts.audience(broadcast)

    @display(description=_("planned"))
    def planned(self, broadcast: Broadcast) -> str:
        return _number(broadcast, broadcast.audience_size)

    @display(description=_("received"))
    def received(self, broadcast: Broadcast) -> str:
        return _number(broadcast, broadcast.recipients_count)

    @display(description=_("failed"))
    def failed(self, broadcast: Broadcast) -> str:
        return _number(broadcast, broadcast.failed_count)

    @display(description=_("scheduled for"), ordering="scheduled_at")
    def due(self, broadcast: Broadcast) -> Any:
        """A draft may have been scheduled once."""
        return None if broadcast.status == Status.DRAFT else broadcast.scheduled_at

    @display(description=_("scheduled for"))
    def schedule(self, broadcast: Broadcast) -> str:
        return texts.moment_in_words(broadcast) if broadcast.scheduled_at else "–"

    # ── Form and page ─────────────────────────────────────────────────────────────────────────────────────

    def get_fieldsets(self, request: HttpRequest, obj: Broadcast | None = None) -> Any:
        return self.open_fieldsets if self._is_editable(request, obj) else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Broadcast | None = None) -> tuple[str, ...]:
        return () if self._is_editable(request, obj) else self.fieldsets[0][1]["fields"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Nothing is edited of what has started."""
        if not self._is_editable(request, obj):
            return modelform_factory(Broadcast, fields=())
        return super().get_form(request, obj, change, **kwargs)

    def _is_editable(self, request: HttpRequest, obj: Broadcast | None) -> bool:
        return obj is None or self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Broadcast, form: Any, change: bool) -> None:
        form.save_through(actor_of(request))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say so when it was started while somebody was writing."""
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except PermissionDenied:
            if object_id and (answer := self._has_started(request, object_id)):
                return answer
            raise

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Broadcast | None = None,
    ) -> HttpResponse:
        """Put above the form how it stands and what may be decided."""
        context |= {
            "preview_url": reverse("admin:broadcasts_broadcast_preview"),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            # It stands among the decisions.
            "show_delete": False,
        }
        if obj is not None:
            standing = Standing(obj)
            context |= {
                "standing": standing,
                "status": self.status_label(obj),
                "moment": moment_of(obj),
                "decisions": self.offered(request, standing),
                "is_editable": self._is_editable(request, obj),
                "bubble": bubble_of(obj, actor_of(request)),
            }
            if obj.is_open:
                context |= {"reach": reach_of(obj), "obstacle": obstacle(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_post_save_add(self, request: HttpRequest, obj: Broadcast) -> HttpResponseRedirect:
        """Go on to the new broadcast: to look at it and to send it is what comes next."""
        return self._page(obj.pk)

    def response_post_save_change(self, request: HttpRequest, obj: Broadcast) -> HttpResponseRedirect:
        """Stay with it."""
        return self._page(obj.pk)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when it was started meanwhile."""
        if answer := self._has_started(request, object_id):
            return answer
        try:
            return super().delete_view(request, object_id, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:broadcasts_broadcast_changelist"))

    def delete_model(self, request: HttpRequest, obj: Broadcast) -> None:
        services.discard(obj, actor=actor_of(request))

    def _has_started(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        found = self.get_object(request, object_id)
        if found is None or found.is_open or not self.has_view_permission(request, found):
            return None
        refusal = NotADraft(title=found.title, status=found.get_status_display())
        self.message_user(request, str(refusal), messages.ERROR)
        return self._page(found.pk)

    def _page(self, key: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:broadcasts_broadcast_change", args=[key]))


def _number(broadcast: Broadcast, count: int) -> str:
    return "–" if broadcast.started_at is None else number_format(count, force_grouping=True)


def _count_anew(running: Iterable[Broadcast]) -> None:
    """The counters are rolled up every few minutes; of what runs people want to know them now."""
    by_origin = {broadcast.origin: broadcast for broadcast in running}
    if not by_origin:
        return
    copies = Message.objects.filter(origin__in=by_origin, priority=Priority.BROADCAST).order_by()
    counts = copies.values_list("origin").annotate(
        received=Count("pk", filter=Q(status__in=ledger.RECEIVED)),
        failed=Count("pk", filter=Q(status=Message.Status.FAILED) & Q(~was_sent_again())),
    )
    for origin, received, failed in counts:
        by_origin[origin].recipients_count, by_origin[origin].failed_count = received, failed
