"""The log: a list that answers by index, and a page for each event. Nobody adds, changes or deletes here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit import admin_links as links
from audit import export
from audit.admin.filters import (
    FIELDS,
    FormFilter,
    is_about_time,
    known_kinds,
)
from audit.admin.seal_state import seal_state
from audit.diffs import read_for_page
from audit.models import EventLog
from audit.sentences import Told, tell
from audit.values import written
from config.admin_pagination import KeysetChangeList
from config.admin_readonly import ReadOnlyAdmin
from config.admin_search import whole_number
from config.postgresql.moments import EARLIEST, LATEST

# What nobody did through the program itself stands out.
_ORIGIN_COLOURS = {
    "chat": "default",
    "admin": "info",
    "task": "default",
    "command": "warning",
    "shell": "danger",
}
_LONGEST_DETAILS = 200_000
# What events have in common, by how its id begins.
_WHOLES = {
    "update": _("Everything in this update"),
    "request": _("Everything in this request"),
    "task": _("Everything in this background job"),
    "command": _("Everything in this command"),
}


class EventChangeList(KeysetChangeList):
    """A page of events, put into words all at once."""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """What filters; a field that was left empty does not."""
        for name in [field.parameter for field in FIELDS if not self.params.get(field.parameter)]:
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return super().get_filters_params(params)

    def read(self, rows: QuerySet[EventLog]) -> list[EventLog]:
        """Of events that may be large no more than the page shows."""
        return read_for_page(rows)

    def get_results(self, request: HttpRequest) -> None:
        """Read one page."""
        super().get_results(request)
        _put_into_words(self.result_list, request)


@admin.register(EventLog)
class EventLogAdmin(ReadOnlyAdmin):
    """Everything that happened."""

    change_form_outer_before_template = "audit/admin/event.html"
    list_before_template = "audit/admin/export.html"
    list_display = ("timestamp", "who", "what", "thing", "origin_label")
    list_display_links = ("timestamp", "what")
    list_filter = (FormFilter,)
    nothing_yet = _(
        "A line appears for each thing that is created, changed or deleted, and for each decision."
    )
    search_fields = ("id",)
    search_help_text = _("Number of an event or thing, or an id")
    fieldsets = (
        (None, {"fields": ("when", "who", "thing", "origin", "seal")}),
        (
            _("Details"),
            {"fields": ("number", "action", "correlation_id", "transaction_id", "folded_details")},
        ),
    )

    def get_keyset(self, request: HttpRequest) -> tuple[str, ...]:
        """By number; a list of certain days by time, which has an index too."""
        return ("timestamp", "pk") if is_about_time(request) else ("pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EventChangeList]:
        """The list with sentences."""
        return EventChangeList

    def get_urls(self) -> list[URLPattern]:
        """With the address of the export."""
        view = self.admin_site.admin_view(self.export)
        return [path("export/", view, name="audit_eventlog_export"), *super().get_urls()]

    def matching(self, term: str) -> Q:
        """By number of the event, key of the thing, or what the events have in common."""
        found = Q(correlation_id=term) | Q(entity_type__in=known_kinds(), entity_id=term)
        if (number := whole_number(term)) is not None:
            found |= Q(pk=number)
        return found

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> EventLog | None:
        """The event, in words."""
        event: EventLog | None = super().get_object(request, object_id, from_field)
        _put_into_words([event] if event else [], request)
        return event

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: EventLog | None = None,
    ) -> HttpResponse:
        """Put what happened, and where to read on, above the columns."""
        if obj is not None:
            told = obj.words.told  # type: ignore[attr-defined]
            context |= {"title": gettext("Event"), "told": told, "related": list(_related(told))}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Send the whole filtered list as a file."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            events = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(links.log(**{ERROR_FLAG: "1"}))
        form = request.POST.get("format", "")
        filters = len(events.get_filters_params()) + bool(events.query)
        return export.download(events.queryset, self.get_keyset(request), form, filters=filters)

    @display(description=_("who"))
    def who(self, event: Any) -> SafeString | str:
        """The actor, linked."""
        return event.words.who

    @display(description=_("what"))
    def what(self, event: Any) -> str:
        """What happened."""
        return capfirst(event.words.told.deed)

    @display(description=_("thing"))
    def thing(self, event: Any) -> SafeString | str:
        """What it is about, linked."""
        return event.words.thing

    @display(description=_("from"), label=_ORIGIN_COLOURS)
    def origin_label(self, event: EventLog) -> tuple[str, str]:
        """Whence, in its colour."""
        return event.origin, event.get_origin_display()

    @display(description=_("when"))
    def when(self, event: EventLog) -> Any:
        """The moment; one that no calendar has, as the database writes it."""
        if event.timestamp not in (EARLIEST, LATEST):
            return event.timestamp
        return EventLog.objects.values_list(Cast("timestamp", TextField()), flat=True).get(pk=event.pk)

    @display(description=_("number"))
    def number(self, event: EventLog) -> int:
        """What the log calls it by."""
        return event.pk

    @display(description=_("seal"))
    def seal(self, event: EventLog) -> SafeString:
        """Whether the event is sealed, and still what was sealed."""
        return render_to_string("audit/admin/seal.html", {"state": seal_state(event)})

    @display(description=_("details"))
    def folded_details(self, event: EventLog) -> SafeString:
        """What the log holds, behind a fold that opens without JavaScript."""
        text = written(event.details)
        text = text if len(text) <= _LONGEST_DETAILS else f"{text[:_LONGEST_DETAILS]}…"
        return render_to_string("audit/admin/folded.html", {"text": text})


@dataclass(frozen=True)
class _Words:
    """An event as its row and its page show it."""

    told: Told
    who: SafeString | str
    thing: SafeString | str


def _put_into_words(events: Sequence[EventLog], request: HttpRequest) -> None:
    for told in tell(events):
        words = _Words(told, links.who(told, request), links.thing(told, request))
        told.event.words = words  # type: ignore[attr-defined]


def _related(told: Told) -> Iterator[tuple[str, str]]:
    """Other lists that the event is in: a label and an address each."""
    event = told.event
    if event.correlation_id:
        label = _WHOLES.get(event.correlation_id.partition(":")[0], _("Everything that belongs to it"))
        yield str(label), links.log(**{SEARCH_VAR: event.correlation_id})
    if event.entity_id:
        address = links.log(**{links.KIND: event.entity_type, links.THING: event.entity_id})
        yield gettext("Everything about {thing}").format(thing=told.thing), address
    yield gettext("Everything by {who}").format(who=told.who), links.log(**{links.WHO: event.user_id})
