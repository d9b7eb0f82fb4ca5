"""Making, renaming, pausing and archiving projects in chat."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects import services
from projects.bot import projects
from projects.bot.asking import get_project, step, with_project
from projects.bot.changing import settled
from projects.bot.signs import status_label
from projects.bot.speaking import said
from projects.finding import split_renaming, unquoted
from projects.models import Project
from projects.statuses import ProjectStatus
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, command, escape

# ── A new one ─────────────────────────────────────────────────────────────────────────────────────────────


@command("newproject", description=gettext_lazy("Make a project"), role=Role.ADMIN)
def newproject(request: ChatRequest) -> Reply:
    """`/newproject NAME`."""
    return say_create_project(request, request.rest)


@said("say_create_project")
def say_create_project(request: ChatRequest, name: str = "") -> Reply:
    """“Create project X”; without a name it is asked for."""
    return _create(request, name) if name else ask_new_project(request)


@button(role=Role.ADMIN, command="newproject")
def ask_new_project(request: ChatRequest) -> Reply:
    """Ask for the name of a new project."""
    back = [[Button(_("‹ Projects"), projects.show_projects)]]
    return Reply(_("What is the new project called? Send me its name."), back, ask=hear_new_project)


@answer(role=Role.ADMIN, command="newproject")
def hear_new_project(request: ChatRequest) -> Reply:
    """Make the project that was named."""
    return _create(request, request.text)


def _create(request: ChatRequest, name: str) -> Reply:
    project = services.create_project(unquoted(name), actor=request.person)
    services.activate(request.person, project)
    headline = _("Project “{name}” is made, and active.").format(name=escape(project.name))
    return projects.card(request, project, headline)


# ── Name, description, state ──────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="project")
def ask_project_name(request: ChatRequest, project_id: int, revision: int) -> Reply:
    """Ask for another name."""
    project = get_project(project_id)
    text = _("What shall “{name}” be called? Send me the new name.").format(name=escape(project.name))
    data = {"project": project.pk, "revision": revision}
    return Reply(text, [[_back(project)]], ask=hear_project_name, data=data)


@answer(role=Role.ADMIN, command="project")
def hear_project_name(request: ChatRequest) -> Reply:
    """Take another name."""
    project = get_project(request.data["project"])
    return _rename(request, project, request.text, request.data["revision"])


@said("say_rename_project")
def say_rename_project(request: ChatRequest, new: str = "", both: str = "") -> Reply:
    """“Rename project X to Y”; “rename the project to Y” is about the active one."""
    name, new = split_renaming(Project.objects.all(), both) if both else ("", new)
    return with_project(request, name, rename_project, new=new)


@step
def rename_project(request: ChatRequest, project: Project, new: str) -> Reply:
    """Give a project another name."""
    return _rename(request, project, new)


@button(role=Role.ADMIN, command="project")
def ask_project_text(request: ChatRequest, project_id: int, revision: int) -> Reply:
    """Ask for a description."""
    project = get_project(project_id)
    text = _("What is “{name}” about? Send me the description.").format(name=escape(project.name))
    data = {"project": project.pk, "revision": revision}
    return Reply(text, [[_back(project)]], ask=hear_project_text, data=data)


@answer(role=Role.ADMIN, command="project")
def hear_project_text(request: ChatRequest) -> Reply:
    """Take a description."""
    project, revision = get_project(request.data["project"]), request.data["revision"]
    return settled(
        request,
        lambda: services.edit_project(
            project, actor=request.person, expected_revision=revision, description=request.text
        ),
        lambda headline: projects.card(request, project, headline),
        lambda: _("The description is changed."),
    )


@button(role=Role.ADMIN, command="project")
def move_project(request: ChatRequest, project_id: int, status: str, revision: int) -> Reply:
    """Pause a project, or go on with it."""
    return _move(request, get_project(project_id), status, revision)


@said("say_pause")
def say_pause(request: ChatRequest, name: str = "") -> Reply:
    """“Pause project X”, or the active one."""
    return with_project(request, name, set_status, status=ProjectStatus.PAUSED)


@said("say_resume")
def say_resume(request: ChatRequest, name: str = "") -> Reply:
    """“Resume project X”, or the active one."""
    return with_project(request, name, set_status, status=ProjectStatus.ACTIVE)


@step
def set_status(request: ChatRequest, project: Project, status: str) -> Reply:
    """Move a project to another state. Out of the archive it comes by /archive only."""
    if project.is_archived:
        return projects.archived_card(request, project)
    return _move(request, project, status)


def _rename(request: ChatRequest, project: Project, new: str, revision: int | None = None) -> Reply:
    return settled(
        request,
        lambda: services.rename_project(
            project, unquoted(new), actor=request.person, expected_revision=revision
        ),
        lambda headline: projects.card(request, project, headline),
        lambda: _("It is called “{name}” now.").format(name=escape(project.name)),
    )


def _move(request: ChatRequest, project: Project, status: str, revision: int | None = None) -> Reply:
    label = status_label(ProjectStatus(status))
    return settled(
        request,
        lambda: services.set_project_status(
            project, status, actor=request.person, expected_revision=revision
        ),
        lambda headline: projects.card(request, project, headline),
        lambda: _("“{name}” is now: {status}").format(name=escape(project.name), status=label),
    )


# ── Into the archive and back ─────────────────────────────────────────────────────────────────────────────


@command("archive", description=gettext_lazy("Archive a project"), role=Role.ADMIN)
def archive(request: ChatRequest) -> Reply:
    """`/archive NAME`; without a name it is the active project."""
    return say_archive(request, request.rest)


@said("say_archive")
def say_archive(request: ChatRequest, name: str = "") -> Reply:
    """“Archive project X”; asks first."""
    return with_project(request, name, archive_question)


@button(role=Role.ADMIN, command="archive")
def ask_archive(request: ChatRequest, project_id: int) -> Reply:
    """Ask before a project is archived."""
    return archive_question(request, get_project(project_id))


@step
def archive_question(request: ChatRequest, project: Project) -> Reply:
    """Ask for the name to be typed: a slip of the finger archives nothing."""
    if project.is_archived:
        return projects.card(request, project, _("It is archived already."))
    count = project.features.count()
    text = _(
        "Archive “{name}” with all that is in it (features: {count})? It can be brought back.\n\n"
        "To confirm, please type its name: <code>{name}</code>"
    ).format(name=escape(project.name), count=count)
    return Reply(text, [[_back(project)]], ask=hear_archive, data={"project": project.pk})


@answer(role=Role.ADMIN, command="archive")
def hear_archive(request: ChatRequest) -> Reply:
    """Archive the project whose name was typed."""
    project = get_project(request.data["project"])
    services.archive_project(project, request.text, actor=request.person)
    return projects.card(request, project, _("“{name}” is archived.").format(name=escape(project.name)))


@said("say_restore")
def say_restore(request: ChatRequest, name: str) -> Reply:
    """“Restore project X”."""
    return with_project(request, name, bring_project_back)


@button(role=Role.ADMIN, command="archive")
def restore(request: ChatRequest, project_id: int) -> Reply:
    """Bring an archived project back."""
    return bring_project_back(request, get_project(project_id))


@step
def bring_project_back(request: ChatRequest, project: Project) -> Reply:
    """Bring an archived project back, and work on it."""
    services.restore_project(project, actor=request.person)
    services.activate(request.person, project)
    headline = _("“{name}” is back, and active.").format(name=escape(project.name))
    return projects.card(request, project, headline)


def _back(project: Project) -> Button:
    return Button(_("‹ Back"), projects.show_project, project.pk)
