"""The log in the browser."""

from __future__ import annotations

from audit.admin.events import EventLogAdmin

__all__ = ["EventLogAdmin"]
