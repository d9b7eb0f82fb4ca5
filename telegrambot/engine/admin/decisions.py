"""Admin actions that call a service and answer in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from config.errors import DomainError
from telegrambot.accounts.admin_questions import AskingAdmin
from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine.admin.readonly import ReadOnlyAdmin


class DecisionAdmin(ReadOnlyAdmin, AskingAdmin):
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
