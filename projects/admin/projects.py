"""Projects in the browser: the list, and the page with releases, features and what happened."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, QuerySet, When
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin_deletion import Summary
from config.admin_pagination import EstimatedChangeList
from projects import services
from projects.admin.board_page import BoardPage
from projects.admin.deadlines import deadline
from projects.admin.deletion import what_goes_with
from projects.admin.forms import ProjectForm
from projects.admin.inlines import FeaturesOnProject, ReleasesOnProject, RowsOnProject
from projects.admin.searching import with_words
from projects.admin.tallies import Tally, last_release_changes, next_releases, tallies, tally_of
from projects.changes import changes_of
from projects.models import Feature, Project
from projects.statuses import ProjectStatus
from telegrambot.accounts.models import TelegramUser

COLOURS = {"active": "success", "paused": "warning", "archived": "default"}
RECENT = dt.timedelta(days=14)


class ProjectChangeList(EstimatedChangeList):
    """The list of projects, with what their releases and features come to: three queries a page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read one page, and all that its columns tell."""
        super().get_results(request)
        self.result_list = projects = list(self.result_list)
        counted = tallies(Feature.objects.filter(project__in=projects), "project_id")
        releases, released = next_releases(projects), last_release_changes(projects)
        for project in projects:
            project.tally = counted.get(project.pk, Tally())
            project.next_release = releases.get(project.pk)
            changes = (project.updated_at, project.tally.last_change, released.get(project.pk))
            project.last_change = max(change for change in changes if change)


@admin.register(Project)
class ProjectAdmin(BoardPage):
    """What the team builds."""

    form = ProjectForm
    change_form_outer_before_template = "projects/admin/project.html"
    list_display = ("name", "status_label", "progress", "next_release", "last_change")
    list_filter = ("status",)
    sortable_by = ()
    search_fields = ("name",)
    search_help_text = _("The beginning of each word of the name")
    nothing_yet = _("Add your first project here, or write /newproject to the bot.")
    fieldsets = ((None, {"fields": ("name", "description", "status", "seen_revision")}),)
    add_fieldsets = ((None, {"fields": ("name", "description")}),)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that counts."""
        return ProjectChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """By name, the archived ones last."""
        is_archived = Case(When(status=ProjectStatus.ARCHIVED, then=1), default=0)
        return super().get_queryset(request).order_by(is_archived, Lower("name"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Project], search_term: str
    ) -> tuple[QuerySet[Project], bool]:
        """By the words of the name."""
        return with_words(queryset, "name", search_term), False

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> list[type[RowsOnProject]]:
        """A project that does not exist yet has nothing in it."""
        return [ReleasesOnProject, FeaturesOnProject] if obj else []

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show above the form how far it is, and what happened."""
        project = self.get_object(request, object_id)
        context = (extra_context or {}) | (_overview(project) if project else {})
        return super().change_view(request, object_id, form_url, context)

    def response_post_save_add(self, request: HttpRequest, obj: Project) -> HttpResponseRedirect:
        """Go on to the new project: its features are what comes next."""
        return HttpResponseRedirect(reverse("admin:projects_project_change", args=[obj.pk]))

    def delete_through(self, row: Project, actor: TelegramUser | None) -> None:
        """Delete it with all that is in it."""
        services.delete_project(row, actor=actor)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what can be done instead."""
        note = _("Nothing brings it back. To keep it for reading, set its status to archived instead.")
        return super().delete_view(request, object_id, {**(extra_context or {}), "note": note})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Summary:
        """Its releases and features go too; of a thousand of them the page names some."""
        return what_goes_with(list(objs))

    @display(description=_("status"), label=COLOURS)
    def status_label(self, project: Project) -> tuple[str, str]:
        """The status in its colour."""
        return project.status, project.get_status_display()

    @display(description=_("features"))
    def progress(self, project: Any) -> SafeString:
        """A bar that leads to the board."""
        url = reverse("admin:projects_project_board", args=[project.pk])
        return format_html('<a class="pj-bar-link" href="{}">{}</a>', url, project.tally.as_bar())

    @display(description=_("next release"))
    def next_release(self, project: Any) -> SafeString | None:
        """Its version, date, and the days left."""
        release = project.next_release
        if release is None:
            return None
        left = deadline(release)
        return format_html(
            '<span><a class="sb-link" href="{}">{}</a> <span class="pj-deadline pj-{}">{}{}</span></span>',
            reverse("admin:projects_release_change", args=[release.pk]),
            release.version,
            left.tone,
            f"{date_format(release.target_date, 'DATE_FORMAT')}, " if release.target_date else "",
            left.words,
        )

    @display(description=_("last change"))
    def last_change(self, project: Any) -> dt.datetime:
        """When anything in it was changed."""
        moment: dt.datetime = project.last_change
        return moment


def _overview(project: Project) -> dict[str, Any]:
    release = next_releases([project]).get(project.pk)
    return {
        "tally": tally_of(project),
        "scope": urlencode({"project": project.pk}),
        "next_release": release,
        "deadline": deadline(release) if release else None,
        "recent": changes_of(project, timezone.now() - RECENT),
    }
