"""Admin actions that ask before they do what cannot be undone, and tell the outcome with a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from config.admin_pagination import EstimatedPaginator

# How many of the chosen rows the question names one by one.
_SHOWN = 20


class AskingAdmin(ModelAdmin):
    """A model's pages with actions that ask first."""

    def describe(self, row: Any) -> str:
        """One line by which a person recognises the row."""
        return str(row)

    def ask_first(
        self, request: HttpRequest, queryset: QuerySet[Any], *, action: str, question: str, warning: str
    ) -> TemplateResponse | None:
        """A page that asks before anything happens; None once the person has said yes there."""
        if request.POST.get("confirmed") == action:
            return None
        across = request.POST.get("select_across") == "1"
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "warning": warning,
            "opts": self.opts,
            "media": self.media,
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "across": across,
            # With "all pages" the filters in the address say which; the form still has to name one row.
            "chosen": chosen[:1] if across else chosen,
            "rows": [self.describe(row) for row in queryset[:_SHOWN]],
            "count": EstimatedPaginator(queryset, 1).count,
            "shown": _SHOWN,
        }
        return TemplateResponse(request, "accounts/admin/ask_first.html", context)

    def tell(
        self,
        request: HttpRequest,
        sentence: str,
        level: int = messages.SUCCESS,
        *,
        shown_by: Mapping[str, str] | None = None,
    ) -> None:
        """Say what happened, with a link to the list of what it happened to.

        Args:
            shown_by: the filter of the list that the link opens; without one there is no link.
        """
        if shown_by:
            url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
            query = urlencode(shown_by)
            link = format_html('<a class="sb-link" href="{}?{}">{}</a>', url, query, _("Show them"))
            sentence = format_html("{} {}", sentence, link)
        self.message_user(request, sentence, level)
