"""Every answer tells which project it is about, or that one has to be chosen first."""

from __future__ import annotations

from dataclasses import replace

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from projects import services
from projects.bot import projects as project_views
from projects.exceptions import NoActiveProject
from projects.models import Project
from telegrambot.engine.chat import ChatRequest, Reply, escape, frame

# A notice over the chat has room for 200 characters, most of which belong to the error.
MAX_NAME_IN_ALERT = 40


def active(request: ChatRequest) -> Project:
    """The project that the person's words are about.

    Raises:
        NoActiveProject: they have not chosen one.
    """
    project = services.active_project(request.person)
    if project is None:
        raise NoActiveProject
    return project


@frame
def in_context(request: ChatRequest, reply: Reply) -> Reply:
    """Begin with the active project; without one, show the list to choose from."""
    if not reply.text and not reply.alert:
        return reply
    project = services.active_project(request.person)
    if project is None:
        return _without_project(reply)
    if not reply.text:
        name = Truncator(project.name).chars(MAX_NAME_IN_ALERT)
        return replace(reply, alert=f"{_line(name)}\n\n{reply.alert}")
    return replace(reply, text=f"{_line(escape(project.name))}\n\n{reply.text}")


def _line(name: str) -> str:
    return _("Context: Project {name}").format(name=name)


def _without_project(reply: Reply) -> Reply:
    told = reply.text or escape(str(reply.alert))
    text = f"{_('No project is active.')}\n\n{told}"
    if project_views.offers_choice(reply):
        return replace(reply, text=text)
    rows, invitation = project_views.choice()
    # An error keeps the screen below which it happened.
    is_new = reply.new or not reply.text
    return replace(
        reply, text=f"{text}\n\n{invitation}", alert="", buttons=[*reply.buttons, *rows], new=is_new
    )
