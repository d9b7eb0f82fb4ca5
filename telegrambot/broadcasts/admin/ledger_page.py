"""The page with a broadcast's copies: who got it, who did not and why; and the same as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.services import record
from config.admin_pagination import OLDER
from telegrambot.broadcasts import ledger
from telegrambot.broadcasts.admin import ledger_rows
from telegrambot.broadcasts.admin.pages import BroadcastPages

_SIZE = 50
# Reasons to choose from.
_REASONS = 30


class LedgerPage(BroadcastPages):
    """Who got it."""

    def get_urls(self) -> list[URLPattern]:
        """The list, and the file."""
        views = (("ledger", require_GET(self.ledger_view)), ("export", require_POST(self.export_view)))
        return [
            *(
                path(
                    f"<uuid:key>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"broadcasts_broadcast_{name}",
                )
                for name, view in views
            ),
            *super().get_urls(),
        ]

    def ledger_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """A page of the copies that were asked for."""
        broadcast = self._find(request, key)
        choice = ledger_rows.Choice.read(request.GET)
        copies = ledger_rows.chosen(broadcast, choice).defer("text", "payload")
        try:
            rows, place = ledger_rows.page(copies, request.GET.get(OLDER, ""), _SIZE)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        query = choice.as_query
        reasons = [
            (reason, ledger_rows.in_words(reason), count)
            for _status, reason, count in ledger.reasons(broadcast, limit=_REASONS)
            if reason
        ]
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Who got “{title}”").format(title=broadcast.title),
            "opts": self.opts,
            "original": broadcast,
            "media": self.media,
            "choice": choice,
            "outcomes": ledger_rows.OUTCOMES.items(),
            "reasons": reasons,
            "rows": [(row, ledger_rows.in_words(row.error)) for row in rows],
            "older": f"?{urlencode({**query, OLDER: place})}" if place else "",
            "newest": f"?{urlencode(query)}" if OLDER in request.GET else "",
            "export": f"{reverse('admin:broadcasts_broadcast_export', args=[key])}?{urlencode(query)}",
            "may_see_messages": request.user.has_perm("engine.view_message"),
        }
        return TemplateResponse(request, "broadcasts/admin/ledger.html", context)

    def export_view(self, request: HttpRequest, key: UUID) -> StreamingHttpResponse:
        """All that were asked for, read while they are sent; that somebody took them is recorded."""
        broadcast = self._find(request, key)
        choice = ledger_rows.Choice.read(request.GET)
        record("broadcasts.ledger.exported", broadcast, details={"filters": len(choice.as_query)})
        name = ledger_rows.file_name(broadcast)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        lines = ledger_rows.csv_lines(ledger_rows.chosen(broadcast, choice))
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
