"""The page with a project's board, and the moves that people make on it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext as _

from config.admin_search import whole_number
from config.errors import DomainError
from projects import services
from projects.admin.board import Attempt, MoveForm, columns
from projects.admin.editing import ServiceAdmin
from projects.models import Feature, Project, Release
from projects.statuses import FeatureStatus
from telegrambot.accounts.service_admin import actor_of


class BoardPage(ServiceAdmin):
    """A project's pages, with a board."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The board's address before Django's own, which take whatever is left."""
        board = path(
            "<int:project_id>/board/", self.admin_site.admin_view(self.board), name="projects_project_board"
        )
        return [board, *super().get_urls()]

    def board(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show the board, or make a move on it."""
        project = get_object_or_404(Project, pk=project_id)
        if not self.has_view_permission(request, project):
            raise PermissionDenied
        if request.method == "POST":
            return self._move(request, project)
        return self._show(request, project)

    def _move(self, request: HttpRequest, project: Project) -> HttpResponse:
        if not request.user.has_perm("projects.change_feature"):
            raise PermissionDenied
        form = MoveForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("That move could not be read. Please choose it again."))
            return HttpResponseRedirect(request.get_full_path())
        move = form.cleaned_data
        feature = get_object_or_404(Feature, pk=move["feature"], project=project)
        try:
            services.move_feature(
                feature,
                move["status"],
                actor=actor_of(request),
                reason=move["reason"],
                expected_revision=move["seen_revision"],
            )
        except DomainError as error:
            attempt = Attempt(move["status"], move["reason"], str(error))
            messages.error(request, str(error))
            return self._show(request, project, {feature.pk: attempt})
        sentence = _("“{name}” is now: {status}.")
        status = FeatureStatus(move["status"]).label
        messages.success(request, sentence.format(name=feature.name, status=status))
        return HttpResponseRedirect(f"{request.get_full_path()}#feature-{feature.pk}")

    def _show(
        self, request: HttpRequest, project: Project, attempts: Mapping[int, Attempt] | None = None
    ) -> HttpResponse:
        features = Feature.objects.of(project)
        release = _chosen_release(request, project)
        if release is not None:
            features = features.filter(release=release)
        may_move = request.user.has_perm("projects.change_feature") and not project.is_archived
        context = {
            **self.admin_site.each_context(request),
            "title": _("Board"),
            "opts": self.opts,
            "original": project,
            "media": self.media,
            "is_fullwidth": "1",
            "project": project,
            "release": release,
            "columns": columns(features, attempts or {}),
            "may_move": may_move,
            "may_add": may_move and request.user.has_perm("projects.add_feature"),
        }
        return TemplateResponse(request, "projects/admin/board.html", context)


def _chosen_release(request: HttpRequest, project: Project) -> Release | None:
    """The release whose features alone are asked for; an unknown one shows all."""
    key = whole_number(request.GET.get("release", ""))
    return Release.objects.of(project).filter(pk=key).first() if key is not None else None
