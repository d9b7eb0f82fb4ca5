"""The numbers of the reply desk: how good drafts are, and what they cost."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from telegrambot.engine.admin import charts
from telegrambot.inbox.admin.desk_pages import DeskPages
from telegrambot.inbox.desk import numbers
from telegrambot.inbox.desk.numbers import Day, Line

PERIODS = (7, 30, 90)
_NOTHING = "–"


class NumbersPage(DeskPages):
    """A page of numbers beside the desk."""

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own."""
        view = self.admin_site.admin_view(require_GET(self.numbers_view))
        return [path("numbers/", view, name="inbox_draftreply_numbers"), *super().get_urls()]

    def numbers_view(self, request: HttpRequest) -> HttpResponse:
        """The numbers of a period."""
        self._require_view(request)
        chosen = request.GET.get("days", "")
        days = int(chosen) if chosen in {str(period) for period in PERIODS} else 30
        found = numbers.read(days, nothing=_("none"), everybody=_("everybody"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Numbers of the reply desk"),
            "media": self.media,
            "found": found,
            "total": _words(found.total),
            "cost": _dollars(found.cost),
            "tables": [
                (_("By model"), [_words(line) for line in found.models]),
                (_("By version of the instructions"), [_words(line) for line in found.prompts]),
                (_("By who decided"), [_words(line) for line in found.people]),
            ],
            "periods": PERIODS,
            "days": days,
            "chart": _chart(found.days),
            "chart_options": charts.OPTIONS,
        }
        return TemplateResponse(request, "inbox/desk_numbers.html", context)


def _words(line: Line) -> dict[str, Any]:
    return {
        "label": line.label,
        "made": line.made,
        "rate": _percent(line.rate),
        "edited": _percent(line.edited),
        "seconds": _duration(line.seconds),
        "cost": _dollars(line.cost),
        "approved": line.approved,
        "rejected": line.rejected,
        "automatic": line.automatic,
    }


def _percent(share: float | None) -> str:
    return _NOTHING if share is None else f"{number_format(round(share * 100))} %"


def _dollars(amount: Any) -> str:
    return _NOTHING if amount is None else number_format(amount, 2 if amount >= 1 or not amount else 4)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return _NOTHING
    if seconds < 90:
        return _("{count} s").format(count=number_format(round(seconds)))
    if seconds < 90 * 60:
        return _("{count} min").format(count=number_format(round(seconds / 60)))
    return _("{count} h").format(count=number_format(seconds / 3600, 1))


def _chart(days: list[Day]) -> str:
    bars = (
        (_("approved"), [day.approved for day in days], "var(--color-primary-600)"),
        (_("rejected"), [day.rejected for day in days], "var(--color-primary-300)"),
    )
    return json.dumps(
        {
            "labels": [date_format(day.day, "MONTH_DAY_FORMAT") for day in days],
            "datasets": [
                {"label": label, "data": values, "backgroundColor": colour} for label, values, colour in bars
            ],
        }
    )
