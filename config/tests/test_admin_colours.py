"""Every status has its colour: Unfold shows the raw value of one that has none."""

from __future__ import annotations

import pytest

from audit.admin import events
from audit.models import Origin
from projects.admin import features, projects, releases
from projects.statuses import FeatureStatus, ProjectStatus, ReleaseStatus
from telegrambot.accounts import admin as accounts
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts.admin import standing
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine.admin import jobs, presentation
from telegrambot.engine.models import InboundUpdate, Message
from telegrambot.guides import admin as guides
from telegrambot.guides.models import Difficulty
from telegrambot.inbox.admin import desk_history
from telegrambot.inbox.models import DraftReply


@pytest.mark.parametrize(
    ("colours", "shown"),
    [
        (events._ORIGIN_COLOURS, Origin.values),
        (features.COLOURS, FeatureStatus.values),
        (projects.COLOURS, ProjectStatus.values),
        (releases.COLOURS, ReleaseStatus.values),
        (accounts._ROLE_COLOURS, Role.names),
        (standing.COLOURS, Broadcast.Status.names),
        (jobs._COLOURS, jobs._STATUSES),
        (presentation.MESSAGE_STATUS_COLOURS, Message.Status.values),
        (presentation.UPDATE_STATUS_COLOURS, InboundUpdate.Status.values),
        (guides._COLOURS, Difficulty.names),
        (desk_history._COLOURS, DraftReply.Status.values),
    ],
)
def test_every_status_has_its_colour(colours, shown):
    assert set(shown) - set(colours) == set()
