"""Admin actions that call a service: asked first where they cannot be undone, answered in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from config.errors import DomainError
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine.admin import presentation
from telegrambot.engine.admin.readonly import ReadOnlyAdmin
from telegrambot.engine.pagination import EstimatedPaginator

# How many of the chosen rows the question names one by one.
_SHOWN = 20


class DecisionAdmin(ReadOnlyAdmin):
    """A read-only page with decisions, for those who may change the model."""

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered and obeyed: the `change` permission of the role."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def carry_out(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        service: Callable[..., int],
        done: Callable[[int], str],
    ) -> None:
        """Call the service for the chosen rows and tell the outcome: `done(count)`, or why not."""
        try:
            count = service(queryset.order_by().values("pk"), actor=actor_of(request))
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, done(count), messages.SUCCESS)

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
            "rows": [(row, presentation.readable(row)) for row in queryset[:_SHOWN]],
            "count": EstimatedPaginator(queryset, 1).count,
            "shown": _SHOWN,
        }
        return TemplateResponse(request, "engine/admin/ask_first.html", context)
