"""Taking back what a person changed last, and bringing it back again."""

from __future__ import annotations

from projects.undo.plans import Undone, UndoPlan, last_change, plan_of, undo

__all__ = ["UndoPlan", "Undone", "last_change", "plan_of", "undo"]
