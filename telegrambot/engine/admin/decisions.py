"""Admin actions that call a service and answer in one sentence, in the list and on a row's own page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from audit.history import HistoryAdmin
from config.admin_readonly import ReadOnlyAdmin
from config.errors import DomainError
from telegrambot.accounts.admin_questions import AskingAdmin
from telegrambot.accounts.service_admin import actor_of


class DecisionAdmin(HistoryAdmin, ReadOnlyAdmin, AskingAdmin):
    """A read-only page with decisions, for those who may change the model.

    What the list has as an action, a row's page has as a button as long as it makes sense for the row.
    """

    change_form_outer_before_template = "engine/admin/decisions.html"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered and obeyed: the `change` permission of the role."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def decisions_about(self, row: Any) -> Collection[str]:
        """The names of the actions that make sense for a row as it is."""
        raise NotImplementedError

    def hint_about(self, row: Any) -> str:
        """What to know before deciding about a row."""
        return ""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Offer what may be decided about the row."""
        sensible = self.decisions_about(obj) if self.has_decide_permission(request) else ()
        offered = [(name, words) for _call, name, words in self._decisions(request) if name in sensible]
        context |= {
            "decisions": offered,
            "decisions_url": self._name("decide"),
            "hint": self.hint_about(obj) if offered else "",
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self) -> list[URLPattern]:
        """Give decisions about a single row an address of their own."""
        view = self.admin_site.admin_view(self.decide_view)
        own = path("<path:object_id>/decide/", view, name=self._name("decide").removeprefix("admin:"))
        return [own, *super().get_urls()]

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Carry out an action for one row and go back to its page; where it asks first, ask."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        # A GET is somebody who goes back or reloads.
        if request.method == "POST":
            chosen = request.POST.get("action", "")
            if chosen not in {name for _call, name, _words in self._decisions(request)}:
                raise PermissionDenied
            only = self.get_queryset(request).filter(pk=row.pk)
            if question := getattr(self, chosen)(request, only):
                return question
        return redirect(self._name("change"), row.pk)

    def carry_out(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        service: Callable[..., int],
        done: Callable[[int], str],
        **outcome: str,
    ) -> None:
        """Call the service for the chosen rows and tell the outcome: `done(count)`, or why not.

        Args:
            outcome: the filter of the list that shows what became of them.
        """
        try:
            count = service(queryset.order_by().values("pk"), actor=actor_of(request))
        except DomainError as error:
            self.tell(request, str(error), messages.ERROR)
        else:
            self.tell(request, done(count), shown_by=outcome if count else None)

    def _decisions(self, request: HttpRequest) -> list[tuple[Any, str, str]]:
        return [found for found in self.get_actions(request).values() if found[1] in self.actions]

    def _name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
