"""The product owner's assistant in chat: projects, features, releases, what changed, and taking it back.

Every module holds the views of one thing. What is said in words comes through `speaking`, and every answer
leaves through the frame in `context`.
"""

from __future__ import annotations

from projects.bot import (
    changes,
    context,
    feature_edits,
    features,
    people,
    project_edits,
    projects,
    release_edits,
    releases,
    undoing,
)
from projects.bot.speaking import register_phrases

__all__ = [
    "changes",
    "context",
    "feature_edits",
    "features",
    "people",
    "project_edits",
    "projects",
    "release_edits",
    "releases",
    "undoing",
]

register_phrases()
