"""The project's settings, what its audit log is compared with, and the tables that each of them watches."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as PROJECT_APPS

DEBUG = False  # else Django would keep every statement
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"pgtrigger": {"level": "WARNING"}}}
INSTALLED_APPS = [
    *PROJECT_APPS,
    "auditlog",
    "simple_history",
    "pgtrigger",
    "pghistory",
    "benchmarks.audit_contestants",
]
