from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """What changed, who changed it and whence: written by the database, altered by nobody."""

    name = "audit"
    verbose_name = _("Records")
