"""Releases in the browser: the list, and the page that tells what is missing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin_deletion import Summary, summary
from config.admin_pagination import EstimatedChangeList
from projects import services
from projects.admin.deadlines import deadline
from projects.admin.editing import ServiceAdmin
from projects.admin.filters import ProjectFilter
from projects.admin.forms import ReleaseForm
from projects.admin.searching import with_words
from projects.admin.tallies import Tally, tallies, tally_of
from projects.changes import history_of
from projects.models import Feature, Release
from projects.statuses import CLOSED_RELEASE, FeatureStatus
from telegrambot.accounts.models import TelegramUser

COLOURS = {"planned": "info", "in_progress": "warning", "released": "success", "cancelled": "default"}
# Unfinished features that a release's page names; what cannot go on comes first.
MISSING = 20
_URGENCY = (FeatureStatus.BLOCKED, FeatureStatus.BACKLOG, FeatureStatus.PLANNED, FeatureStatus.IN_PROGRESS)


class ReleaseChangeList(EstimatedChangeList):
    """The list of releases, with what their features come to: one query a page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read one page, and count the features of its releases."""
        super().get_results(request)
        self.result_list = releases = list(self.result_list)
        counted = tallies(Feature.objects.filter(release__in=releases), "release_id")
        for release in releases:
            release.tally = counted.get(release.pk, Tally())


@admin.register(Release)
class ReleaseAdmin(ServiceAdmin):
    """What goes out to people, and when."""

    form = ReleaseForm
    change_form_outer_before_template = "projects/admin/release.html"
    change_form_outer_after_template = "projects/admin/history.html"
    list_display = ("version", "project_link", "status_label", "due", "progress")
    list_filter = (ProjectFilter, "status")
    sortable_by = ()
    search_fields = ("version", "project__name")
    search_help_text = _("The beginning of the version, or of each word of the project's name")
    nothing_yet = _(
        "Every release belongs to a project: add that first, then its releases here or on its page."
    )
    autocomplete_fields = ("project",)
    readonly_fields = ("project_link",)
    fieldsets = ((None, {"fields": ("project_link", "version", "target_date", "status", "seen_revision")}),)
    add_fieldsets = ((None, {"fields": ("project", "version", "target_date", "status")}),)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that counts."""
        return ReleaseChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        """The next first, then those without a date, then what is over."""
        is_closed = Case(When(status__in=CLOSED_RELEASE, then=1), default=0)
        releases = super().get_queryset(request).select_related("project")
        return releases.order_by(is_closed, F("target_date").asc(nulls_last=True), "pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Release], search_term: str
    ) -> tuple[QuerySet[Release], bool]:
        """By the version, or by the words of the project's name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        of_projects = with_words(queryset, "project__name", term).values("pk")
        return queryset.filter(version__istartswith=term) | queryset.filter(pk__in=of_projects), False

    def has_change_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        """Nothing in an archived project changes."""
        return not (obj and obj.project.is_archived) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        """Nothing in an archived project goes, unless the project does."""
        return not (obj and obj.project.is_archived) and super().has_delete_permission(request, obj)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show above the form how far it is and what is missing, below what happened."""
        release = self.get_object(request, object_id)
        context = (extra_context or {}) | (_standing(release) if release else {})
        return super().change_view(request, object_id, form_url, context)

    def delete_through(self, row: Release, actor: TelegramUser | None) -> None:
        """Delete it; its features stay."""
        services.delete_release(row, actor=actor)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what becomes of its features."""
        note = _("The features in it stay in the project, without a release.")
        return super().delete_view(request, object_id, {**(extra_context or {}), "note": note})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Summary:
        """Nothing else goes with it."""
        return summary(Release, objs)

    @display(description=_("project"))
    def project_link(self, release: Release) -> SafeString:
        """The project's name, which leads to its page."""
        url = reverse("admin:projects_project_change", args=[release.project_id])
        return format_html('<a class="sb-link" href="{}">{}</a>', url, release.project)

    @display(description=_("status"), label=COLOURS)
    def status_label(self, release: Release) -> tuple[str, str]:
        """The status in its colour."""
        return release.status, release.get_status_display()

    @display(description=_("target date"))
    def due(self, release: Release) -> SafeString | str:
        """The date, and the days left."""
        left = deadline(release)
        if release.target_date is None:
            return "–" if left.tone == "over" else left.words
        date = date_format(release.target_date, "DATE_FORMAT")
        if left.tone == "over":
            return date
        return format_html(
            '<span>{} <span class="pj-deadline pj-{}">{}</span></span>', date, left.tone, left.words
        )

    @display(description=_("features"))
    def progress(self, release: Any) -> SafeString:
        """A bar, with what it means in words."""
        bar: SafeString = release.tally.as_bar()
        return bar


def _standing(release: Release) -> dict[str, Any]:
    urgency = Case(*(When(status=one, then=place) for place, one in enumerate(_URGENCY)))
    missing = release.features.open().order_by(urgency, "-updated_at")[:MISSING]
    return {
        "tally": tally_of(release),
        "scope": urlencode({"project": release.project_id, "release": release.pk}),
        "deadline": deadline(release),
        "missing": list(missing),
        "history": history_of(release),
    }
