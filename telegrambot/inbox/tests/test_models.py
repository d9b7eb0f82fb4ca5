"""Rows say what they are, and the events of the inbox are declared."""

from __future__ import annotations

import pytest

from audit import vocabulary
from telegrambot.inbox.models import MutedOperator, Note, Presence, SavedReplyUse
from telegrambot.inbox.tests.factories import SavedReplyFactory, operator, waiting

pytestmark = pytest.mark.django_db


def test_no_row_shows_what_somebody_wrote():
    found, olga = waiting("Private"), operator()
    note = Note.objects.create(conversation=found, author=olga, text="Private")

    assert str(found) == str(found.pk)
    assert str(note) == str(note.pk)
    assert str(MutedOperator.objects.create(person=olga)) == str(olga.pk)
    assert str(Presence.objects.create(conversation=found, who="user:1")) == "user:1"
    use = SavedReplyUse.objects.create(saved_reply=SavedReplyFactory())
    use.refresh_from_db()
    assert str(use).startswith("20")


@pytest.mark.parametrize("verb", ["answered", "assigned", "handed_over", "released", "closed", "reopened"])
def test_decisions_have_names(verb):
    assert f"inbox.conversation.{verb}" in vocabulary.declared()
