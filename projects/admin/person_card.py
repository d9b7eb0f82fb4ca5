"""What a person is busy with, on the person's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projects.services import active_project, changes_seen_at
from telegrambot.accounts.admin_cards import Card, register
from telegrambot.accounts.models import TelegramUser


def _busy_with(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    project = active_project(person)
    return {"project": project, "changes_seen_at": project and changes_seen_at(person, project)}


register(
    Card(
        "projects",
        _("Projects"),
        "projects/admin/person_card.html",
        _busy_with,
        permission="projects.view_project",
        order=30,
    )
)
