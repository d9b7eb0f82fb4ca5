from __future__ import annotations

from django.apps import AppConfig


class CrashConfig(AppConfig):
    """Chat views for the crash tests."""

    name = "tests.crash.app"
    label = "crash"
