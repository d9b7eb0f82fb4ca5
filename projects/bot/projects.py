"""Projects in chat: the list, the card, and which one is active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects import services
from projects.bot import changes, features, project_edits, releases
from projects.bot.asking import get_project, step, with_project
from projects.bot.context import active
from projects.bot.signs import PROJECT_ICONS, bar, day, label, status_label
from projects.bot.speaking import said
from projects.models import Feature, Project, Release
from projects.statuses import CLOSED_RELEASE, FeatureStatus, ProjectStatus
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, escape, page

NEXT_RELEASES = 3
VISIBLE, ARCHIVED = "visible", "archived"

# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


@said("say_projects")
@command("projects", description=gettext_lazy("Projects: list and switch"), role=Role.ADMIN)
@button(role=Role.ADMIN, command="projects")
def show_projects(request: ChatRequest, which: str = VISIBLE, number: int = 0) -> Reply:
    """List the projects, page by page; press one to switch to it."""
    project = services.active_project(request.person)
    rows, invitation = choice(which, number, active_key=project.pk if project else None)
    title = _("Archived projects") if which == ARCHIVED else _("Projects")
    return Reply(f"<b>{title}</b>\n\n{invitation}", rows, leaves=True)


def choice(
    which: str = VISIBLE, number: int = 0, *, active_key: int | None = None
) -> tuple[list[list[Button]], str]:
    """A page of projects as buttons, and the sentence that goes with them. Two queries.

    Args:
        which: VISIBLE or ARCHIVED.
        number: the page, from 0.
        active_key: the project to be marked.
    """
    is_archive = which == ARCHIVED
    projects = (
        Project.objects.filter(status=ProjectStatus.ARCHIVED) if is_archive else Project.objects.visible()
    )
    shown: Sequence[Any]
    shown, arrows = page(projects.with_counts().by_name(), number, show_projects, which)
    press = show_project if is_archive else switch
    rows = [[Button(_in_list(project, active_key), press, project.pk)] for project in shown]
    if is_archive:
        invitation = _("Press one to look at it.") if shown else _("No project is archived.")
        return [*rows, arrows, [Button(_("‹ Projects"), show_projects, VISIBLE)]], invitation
    invitation = (
        _("Press one to switch to it.")
        if shown
        else _("There is no open project. Make one, or bring one back.")
    )
    more = [
        Button(_("New project"), project_edits.ask_new_project),
        Button(_("Archived"), show_projects, ARCHIVED),
    ]
    return [*rows, arrows, more], invitation


def offers_choice(reply: Reply) -> bool:
    """Whether a reply has the list of projects on it already."""
    # The way from one list to the other is on both; the way back to them from elsewhere has no argument.
    ways = {Button("", show_projects, which).data for which in (VISIBLE, ARCHIVED)}
    return any(button.data in ways for row in reply.buttons for button in row)


def _in_list(project: Any, active_key: int | None) -> str:
    mark = "✓ " if project.pk == active_key else ""
    mark += "⏸ " if project.status == ProjectStatus.PAUSED else ""
    return label(project.name, mark, f" · {project.done_count}/{project.feature_count}")


# ── One project ───────────────────────────────────────────────────────────────────────────────────────────


@command(
    "project", description=gettext_lazy("The active project; with a name: switch to it"), role=Role.ADMIN
)
def project(request: ChatRequest) -> Reply:
    """`/project` shows the active one, `/project NAME` switches."""
    if not request.rest:
        return card(request, active(request))
    return with_project(request, request.rest, switch_to)


@said("say_switch")
def say_switch(request: ChatRequest, name: str) -> Reply:
    """“Switch to project X”."""
    return with_project(request, name, switch_to)


@said("say_project_card")
def say_project_card(request: ChatRequest, name: str = "") -> Reply:
    """“Project status”, “status of project X”: look, and stay where we are."""
    return with_project(request, name, card)


@button(role=Role.ADMIN, command="project")
def switch(request: ChatRequest, project_id: int) -> Reply:
    """Switch to a project of the list."""
    return switch_to(request, get_project(project_id))


@button(role=Role.ADMIN, command="project")
def show_project(request: ChatRequest, project_id: int) -> Reply:
    """Open a project's card."""
    return card(request, get_project(project_id))


@step
def switch_to(request: ChatRequest, project: Project) -> Reply:
    """Make a project the active one. An archived one is shown, with the way to bring it back."""
    if project.is_archived:
        return archived_card(request, project)
    services.activate(request.person, project)
    return card(request, project)


def archived_card(request: ChatRequest, project: Project) -> Reply:
    """An archived project, with the way to bring it back."""
    sentence = _("“{name}” is archived. Bring it back to work on it.")
    return card(request, project, sentence.format(name=escape(project.name)))


@step
def card(request: ChatRequest, project: Project, headline: str = "") -> Reply:
    """A project with its state, its features by state and its next releases (two queries).

    Args:
        request: whose screen it is.
        project: which.
        headline: what just happened, as HTML.
    """
    counts = Feature.objects.of(project).counts_by_status()
    total = sum(counts.values()) - counts[FeatureStatus.DROPPED]
    progress = bar(counts[FeatureStatus.DONE], total)
    parts = [
        headline,
        f"<b>{escape(project.name)}</b>\n{status_label(ProjectStatus(project.status))}",
        escape(project.description),
        f"{_('Features')}: {progress}\n{features.legend(counts)}"
        if any(counts.values())
        else _("No features yet."),
        _next_releases(project),
    ]
    return Reply("\n\n".join(filter(None, parts)), _card_buttons(project), leaves=True)


def _next_releases(project: Project) -> str:
    coming = Release.objects.of(project).exclude(status__in=CLOSED_RELEASE).with_progress().by_date()
    lines = []
    release: Any  # counted by the query
    for release in coming[:NEXT_RELEASES]:
        progress = bar(release.done_count, release.feature_count)
        lines.append(f"{escape(release.version)} · {day(release.target_date)} · {progress}")
    return "\n".join([_("Next releases") + ":", *lines]) if lines else ""


def _card_buttons(project: Project) -> list[list[Button]]:
    key, revision = project.pk, project.revision
    look = [
        [
            Button(_("Features"), features.show_features, key),
            Button(_("Releases"), releases.show_releases, key),
        ],
        [Button(_("Changes"), changes.show_changes, key), Button(_("‹ Projects"), show_projects)],
    ]
    if project.is_archived:
        return [*look, [Button(_("Bring it back"), project_edits.restore, key)]]
    rename = Button(_("Rename"), project_edits.ask_project_name, key, revision)
    describe = Button(_("Description"), project_edits.ask_project_text, key, revision)
    is_paused = project.status == ProjectStatus.PAUSED
    verb, status = (_("Resume"), ProjectStatus.ACTIVE) if is_paused else (_("Pause"), ProjectStatus.PAUSED)
    move = Button(f"{PROJECT_ICONS[status]} {verb}", project_edits.move_project, key, status, revision)
    archive = Button(
        f"{PROJECT_ICONS[ProjectStatus.ARCHIVED]} {_('Archive it')}", project_edits.ask_archive, key
    )
    return [*look, [rename, describe], [move, archive]]
