"""The one table of moves."""

from __future__ import annotations

import pytest

from projects.models import Feature, Project, Release
from projects.statuses import (
    FeatureStatus,
    ProjectStatus,
    ReleaseStatus,
    allowed_moves,
    is_allowed,
    needs_reason,
)

KINDS = (ProjectStatus, ReleaseStatus, FeatureStatus)
EVERY = [status for kind in KINDS for status in kind]


@pytest.mark.parametrize("status", EVERY)
def test_every_state_leads_somewhere_within_its_own_kind(status):
    moves = allowed_moves(status)

    assert moves
    assert {type(move) for move in moves} == {type(status)}
    assert status not in moves
    assert len(set(moves)) == len(moves)


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_can_be_reached_from_every_other(kind):
    for start in kind:
        reached = {start}
        while more := {move for status in reached for move in allowed_moves(status)} - reached:
            reached |= more
        assert reached == set(kind)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (FeatureStatus.BACKLOG, FeatureStatus.PLANNED, True),
        (FeatureStatus.BACKLOG, FeatureStatus.DONE, True),
        (FeatureStatus.BACKLOG, FeatureStatus.BLOCKED, False),
        (FeatureStatus.DONE, FeatureStatus.IN_PROGRESS, True),
        (FeatureStatus.DONE, FeatureStatus.BACKLOG, False),
        (FeatureStatus.DONE, FeatureStatus.DROPPED, False),
        (FeatureStatus.DROPPED, FeatureStatus.DONE, False),
        (ReleaseStatus.PLANNED, ReleaseStatus.RELEASED, True),
        (ReleaseStatus.RELEASED, ReleaseStatus.CANCELLED, False),
        (ReleaseStatus.CANCELLED, ReleaseStatus.RELEASED, False),
        (ProjectStatus.ACTIVE, ProjectStatus.ARCHIVED, True),
        (ProjectStatus.ARCHIVED, ProjectStatus.PAUSED, False),
        (ProjectStatus.ARCHIVED, ProjectStatus.ACTIVE, True),
    ],
)
def test_what_can_follow_what(before, after, expected):
    assert is_allowed(before, after) is expected


def test_a_planned_release_moves_otherwise_than_a_planned_feature():
    # The two are equal for Python.
    assert ReleaseStatus.RELEASED in Release(status="planned").allowed_moves
    assert FeatureStatus.BLOCKED in Feature(status="planned").allowed_moves
    assert ProjectStatus.PAUSED in Project(status="active").allowed_moves


def test_blocked_and_dropped_need_a_reason_and_nothing_else_does():
    assert {status for status in EVERY if needs_reason(status)} == {"blocked", "dropped"}
    assert not any(needs_reason(status) for status in [*ReleaseStatus, *ProjectStatus])
