"""The ground of the pages: rows are created, changed and deleted by services, whose refusals are shown."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audit.history import HistoryAdmin
from config.admin_pagination import EstimatedChangeList, EstimatedPaginator
from config.errors import DomainError
from projects.admin.forms import Refusal, ServiceForm, visible
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.service_admin import actor_of


class ServiceAdmin(HistoryAdmin):
    """Lists and forms of a model that services change, for those whom the permissions allow it."""

    form = ServiceForm
    paginator = EstimatedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    compressed_fields = False
    empty_value_display = "–"
    warn_unsaved_form = True
    delete_confirmation_template = "projects/admin/delete.html"
    # What an empty list says, when no filter is to blame.
    nothing_yet: Any = ""

    class Media:
        css = {"all": ("projects/projects.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Pages by number, with one count."""
        return EstimatedChangeList

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form again, with what a service said against it, and nothing saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            # All is rolled back; the second pass finds the refusal at its place and saves nothing.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        """Hand a refusal to the form."""
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what only a form needs where there is none."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [(title, {**group, "fields": visible(group["fields"])}) for title, group in fieldsets]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let a service do it."""
        form.save_through(actor_of(request))

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        """Let services do it, row by row; all of it or nothing."""
        edited = [row for row in formset.forms if row.has_changed()]
        formset.new_objects = [row.instance for row in edited if not row.instance.pk]
        formset.changed_objects = [(row.instance, row.changed_data) for row in edited if row.instance.pk]
        formset.deleted_objects = []
        for row in edited:
            row.save_through(actor_of(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete nothing in bulk: what is gone is gone."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when somebody else was quicker."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse(f"admin:projects_{self.opts.model_name}_changelist"))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let a service do it."""
        self.delete_through(obj, actor_of(request))

    def delete_through(self, row: Any, actor: TelegramUser | None) -> None:
        """Call the service that deletes."""
        raise NotImplementedError
