"""Projects, releases and features in the browser."""

from __future__ import annotations

from projects.admin import person_card  # noqa: F401  (adds its own)
from projects.admin.features import FeatureAdmin
from projects.admin.projects import ProjectAdmin
from projects.admin.releases import ReleaseAdmin

__all__ = ["FeatureAdmin", "ProjectAdmin", "ReleaseAdmin"]
