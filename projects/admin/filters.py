"""Filters of the list of features. Each offers a bounded choice, of the chosen project if there is one."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Count, Func, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.admin_search import whole_number
from projects.models import OPEN_FEATURE, Feature, Project, Release
from projects.statuses import CLOSED_RELEASE, FeatureStatus

# More than this nobody reads through.
MOST_CHOICES = 50
NONE, OPEN = "none", "open"


class Unnest(Func):
    """Each element of an array in a row of its own."""

    function = "unnest"
    set_returning = True


def _key(value: str | None) -> int:
    # No row has the key -1: what is no number finds nothing.
    number = whole_number(value or "")
    return -1 if number is None else number


def _in_scope(request: HttpRequest) -> QuerySet[Feature]:
    chosen = request.GET.get(ProjectFilter.parameter_name)
    return Feature.objects.filter(project=_key(chosen)) if chosen else Feature.objects.all()


class ProjectFilter(SimpleListFilter):
    """Features, or releases, of one project."""

    title = _("project")
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The projects that are not archived, and the chosen one."""
        projects = Project.objects.visible().by_name()[:MOST_CHOICES]
        choices = {str(key): name for key, name in projects.values_list("pk", "name")}
        chosen = request.GET.get(self.parameter_name, "")
        if chosen and chosen not in choices:
            choices |= {str(one.pk): one.name for one in Project.objects.filter(pk=_key(chosen))}
        return list(choices.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the project."""
        return queryset.filter(project=_key(self.value())) if self.value() else queryset


class StatusFilter(SimpleListFilter):
    """Features in one state, or all that are not finished."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """All states, and what most people look for."""
        return [
            (OPEN, _("Still to be finished")),
            *((one, capfirst(str(one.label))) for one in FeatureStatus),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feature]) -> QuerySet[Feature]:
        """Those in the state."""
        if self.value() == OPEN:
            return queryset.filter(status__in=OPEN_FEATURE)
        return queryset.filter(status=self.value()) if self.value() else queryset


class ReleaseFilter(SimpleListFilter):
    """Features of one release, or of none."""

    title = _("release")
    parameter_name = "release"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """The releases of the chosen project; of all projects the open ones. The chosen one in any case."""
        releases = Release.objects.select_related("project").by_date()
        if project := request.GET.get(ProjectFilter.parameter_name):
            offered = list(releases.filter(project=_key(project))[:MOST_CHOICES])
            choices = {str(release.pk): release.version for release in offered}
        else:
            offered = list(releases.exclude(status__in=CLOSED_RELEASE)[:MOST_CHOICES])
            choices = {str(release.pk): _named(release) for release in offered}
        chosen = request.GET.get(self.parameter_name, "")
        if chosen not in {"", NONE, *choices}:
            choices |= {str(one.pk): _named(one) for one in releases.filter(pk=_key(chosen))}
        return [(NONE, _("In no release")), *choices.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feature]) -> QuerySet[Feature]:
        """Those in the release."""
        if self.value() == NONE:
            return queryset.filter(release=None)
        return queryset.filter(release=_key(self.value())) if self.value() else queryset


class TeamFilter(SimpleListFilter):
    """Features that a team works on."""

    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The teams with the most features."""
        teams = _in_scope(request).order_by().annotate(team=Unnest("assigned_teams")).values_list("team")
        counted = teams.annotate(count=Count("pk")).order_by("-count", "team")[:MOST_CHOICES]
        return [(name, name) for name in sorted((name for name, _count in counted), key=str.casefold)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feature]) -> QuerySet[Feature]:
        """Those of the team."""
        return queryset.filter(assigned_teams__contains=[self.value()]) if self.value() else queryset


class OwnerFilter(SimpleListFilter):
    """Features that somebody answers for."""

    title = _("product owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """The owners with the most features."""
        owned = _in_scope(request).exclude(assigned_po="").order_by().values_list("assigned_po")
        counted = owned.annotate(count=Count("pk")).order_by("-count", "assigned_po")[:MOST_CHOICES]
        names = sorted((name for name, _count in counted), key=str.casefold)
        return [(NONE, _("Nobody")), *((name, name) for name in names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feature]) -> QuerySet[Feature]:
        """Those of the owner."""
        if self.value() == NONE:
            return queryset.filter(assigned_po="")
        return queryset.filter(assigned_po=self.value()) if self.value() else queryset


def _named(release: Release) -> str:
    return f"{release.project.name} {release.version}"
