"""The history of one thing, on its own page in the admin: what the log knows of it, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit import admin_links as links
from audit.diffs import read_for_page
from audit.models import EventLog
from audit.sentences import Told, tell
from config.admin_addresses import AddressedAdmin
from config.admin_pagination import OLDER, older_than, place_of

PAGE = 25
_ORDER = ("pk",)


@dataclass(frozen=True)
class Entry:
    """An event of the history.

    Attributes:
        page: the address of the event's own page; empty for who may not see the whole log.
    """

    told: Told
    who: SafeString | str
    deed: str
    page: str


class HistoryAdmin(AddressedAdmin):
    """A model's pages with a history that the database itself keeps, whoever changed the row from wherever.

    Django's own record of what was done in the admin is not written: it would keep names of people for ever.
    """

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Offer the history."""
        context["show_history"] = True
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A page of the history, for whoever may look at the row."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        events, older = _read(EventLog.objects.of(row), request.GET.get(OLDER, ""))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: {title}").format(title=row),
            "entries": [_entry(told, request) for told in tell(events)],
            "older": older,
            "older_name": OLDER,
            "is_newest": OLDER not in request.GET,
            "whole_log": links.log_of(row, request),
            "original": row,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "audit/admin/history.html", context)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """The database writes what was added."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """The database writes what was changed."""

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """The database writes what was deleted."""


def _read(events: QuerySet[EventLog], place: str) -> tuple[list[EventLog], str]:
    """A page of a history, and the place where the next older one begins; empty at the end."""
    try:
        found = older_than(events, _ORDER, place)
    except IncorrectLookupParameters:
        found = older_than(events, _ORDER, "")
    rows = read_for_page(found[: PAGE + 1])
    return rows[:PAGE], place_of(rows[PAGE - 1], _ORDER) if len(rows) > PAGE else ""


def _entry(told: Told, request: HttpRequest) -> Entry:
    page = links.page_of((told.event._meta.label_lower, str(told.event.pk)), request)
    return Entry(told, links.who(told, request), capfirst(told.deed), page)
