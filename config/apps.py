from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The project itself: its system checks and the command that starts everything."""

    name = "config"
    verbose_name = "Switchboard"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the checks)
