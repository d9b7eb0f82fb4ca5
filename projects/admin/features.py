"""Features in the browser: the list with its filters, and the page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from projects import services
from projects.admin import filters
from projects.admin.forms import FeatureForm
from projects.admin.moving import MovingAdmin
from projects.admin.searching import with_words
from projects.changes import history_of
from projects.models import Feature
from telegrambot.accounts.models import TelegramUser

COLOURS = {
    "backlog": "default",
    "planned": "info",
    "in_progress": "warning",
    "blocked": "danger",
    "done": "success",
    "dropped": "default",
}


@admin.register(Feature)
class FeatureAdmin(MovingAdmin):
    """What projects are to be able to do."""

    form = FeatureForm
    change_form_outer_before_template = "projects/admin/feature.html"
    change_form_outer_after_template = "projects/admin/history.html"
    list_display = ("name", "project_link", "status_label", "release", "assigned_po", "teams", "updated_at")
    list_filter = (
        filters.ProjectFilter,
        filters.StatusFilter,
        filters.ReleaseFilter,
        filters.TeamFilter,
        filters.OwnerFilter,
    )
    list_select_related = ("project", "release")
    sortable_by = ()
    ordering = ("-updated_at", "-pk")
    search_fields = ("name",)
    search_help_text = _("The beginning of each word of the name")
    nothing_yet = _(
        "Every feature belongs to a project: add that first, then its features here or on its page."
    )
    autocomplete_fields = ("project",)
    readonly_fields = ("project_link",)
    fieldsets = (
        (None, {"fields": ("project_link", "name", "description", ("status", "status_reason"))}),
        (_("Who and when"), {"fields": ("release", ("assigned_po", "assigned_teams"), "seen_revision")}),
    )
    add_fieldsets = (
        (None, {"fields": ("project", "name", "description", ("assigned_po", "assigned_teams"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feature]:
        """Each with its project and release, in the same query."""
        return super().get_queryset(request).select_related("project", "release")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Feature], search_term: str
    ) -> tuple[QuerySet[Feature], bool]:
        """By the words of the name."""
        return with_words(queryset, "name", search_term), False

    def has_change_permission(self, request: HttpRequest, obj: Feature | None = None) -> bool:
        """Nothing in an archived project changes."""
        return not (obj and obj.project.is_archived) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Feature | None = None) -> bool:
        """Nothing in an archived project goes, unless the project does."""
        return not (obj and obj.project.is_archived) and super().has_delete_permission(request, obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show below the form what happened to it."""
        feature = self.get_object(request, object_id)
        context = (extra_context or {}) | ({"history": history_of(feature)} if feature else {})
        return super().change_view(request, object_id, form_url, context)

    def delete_through(self, row: Feature, actor: TelegramUser | None) -> None:
        """Delete it."""
        services.delete_feature(row, actor=actor)

    @display(description=_("project"))
    def project_link(self, feature: Feature) -> SafeString:
        """The project's name, which leads to its page."""
        url = reverse("admin:projects_project_change", args=[feature.project_id])
        return format_html('<a class="sb-link" href="{}">{}</a>', url, feature.project)

    @display(description=_("status"), label=COLOURS)
    def status_label(self, feature: Feature) -> tuple[str, str]:
        """The status in its colour."""
        return feature.status, feature.get_status_display()

    @display(description=_("teams"))
    def teams(self, feature: Feature) -> str:
        """The teams, in a row."""
        return ", ".join(feature.assigned_teams) or "–"
