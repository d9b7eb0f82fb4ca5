"""What belongs to the project itself, as tests of the whole have to know."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig, apps

ROOT = Path(__file__).resolve().parent.parent


def own_apps() -> list[AppConfig]:
    """The installed apps whose code is here, not in the virtual environment (which may be below ROOT too)."""
    return [app for app in apps.get_app_configs() if Path(app.path) == ROOT.joinpath(*app.name.split("."))]
