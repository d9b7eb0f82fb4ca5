"""The ground of admin pages whose rows are changed through services."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from audit.history import HistoryAdmin
from config.errors import DomainError
from telegrambot.accounts.admin_editing import EditingAdmin
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role


class ServiceModelAdmin(EditingAdmin, HistoryAdmin):
    """Neither adds nor deletes, writes only the columns that were edited, shows a refusal in the form.

    `save_model` of a subclass calls services and may raise DomainError: nothing is saved then, and the person
    reads the sentence above the form they sent.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            # All is rolled back; the second pass finds the refusal in the form and saves nothing.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class RefusedForm(form):  # type: ignore[valid-type, misc]
            def clean(self) -> dict[str, Any]:
                self.add_error(None, str(refusal))
                return super().clean()

        return RefusedForm


def actor_of(request: HttpRequest) -> TelegramUser | None:
    """Return the person who acts in this request; a superuser may have none."""
    return getattr(request.user, "person", None)


def role_of(request: HttpRequest) -> Role:
    """Return the role of whoever is signed in."""
    return getattr(request.user, "role", Role.PUBLIC)
