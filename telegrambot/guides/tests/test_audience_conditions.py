"""Choosing people by their guides."""

from __future__ import annotations

import pytest

from telegrambot.accounts import audience
from telegrambot.guides.tests.factories import SavedGuideFactory

pytestmark = pytest.mark.django_db


def test_people_are_chosen_by_what_they_saved_and_read():
    read = SavedGuideFactory(is_read=True)
    unread = SavedGuideFactory(guide=read.guide)
    SavedGuideFactory(is_read=True)

    assert set(audience.people({"guide_saved": str(read.guide_id)})) == {read.user, unread.user}
    assert set(audience.people({"guide_read": str(read.guide_id)})) == {read.user}
