from __future__ import annotations

from django.apps import AppConfig


class AuditContestantsConfig(AppConfig):
    """Tables to be measured, with what watches them."""

    name = "benchmarks.audit_contestants"
    label = "contestants"
    default_auto_field = "django.db.models.BigAutoField"
