from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from audit.context import current
from config.postgresql.cursor import state_before_writes


class AuditConfig(AppConfig):
    """What changed, who changed it and whence: written by the database, altered by nobody."""

    name = "audit"
    verbose_name = _("Records")

    def ready(self) -> None:
        from audit import checks  # noqa: F401  (registers the check)

        state_before_writes("audit.context", lambda: current().stated())
        autodiscover_modules("audit_events")
