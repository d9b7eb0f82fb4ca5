from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    """What the team builds: projects, their features and releases."""

    name = "projects"
    verbose_name = _("Projects")
