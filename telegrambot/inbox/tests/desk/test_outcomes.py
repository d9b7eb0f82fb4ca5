"""What becomes of an approved draft follows its message."""

from __future__ import annotations

import pytest

from telegrambot.engine import services as engine
from telegrambot.engine.models import Message
from telegrambot.inbox.desk import drafts
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.desk.tasks import unanswered
from telegrambot.inbox.models import Conversation
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(dialog, olga):
    return drafts.approve(DraftReplyFactory(dialog=dialog), actor=olga)


def becomes(draft, status, error=""):
    Message.objects.filter(pk=draft.message_id).update(status=status, error=error)
    settle_drafts()
    draft.refresh_from_db()
    return draft.status


def test_approved_is_not_sent_yet(approved):
    settle_drafts()
    approved.refresh_from_db()

    assert approved.status == "approved"


def test_sent_when_telegram_has_it(approved):
    assert becomes(approved, "sent") == "sent"


def test_failed_says_why(approved):
    assert becomes(approved, "failed", "Forbidden: bot was blocked by the user") == "failed"
    assert "blocked" in approved.error


def test_what_is_uncertain_stays_until_a_person_decides(approved, olga):
    assert becomes(approved, "uncertain") == "approved"

    engine.count_as_sent([approved.message_id], actor=olga)
    settle_drafts()

    approved.refresh_from_db()
    assert approved.status == "sent"


def test_what_was_sent_again_counts_by_its_copy(approved, olga):
    assert becomes(approved, "uncertain") == "approved"
    engine.send_again([approved.message_id], actor=olga)
    settle_drafts()
    approved.refresh_from_db()
    assert approved.status == "approved"

    Message.objects.filter(dedupe_key=f"again:{approved.message_id}").update(status="sent")
    settle_drafts()

    approved.refresh_from_db()
    assert approved.status == "sent"


def test_an_answer_that_came_too_late_makes_room_for_another(approved):
    assert becomes(approved, "cancelled") == "superseded"


def test_the_text_of_a_chat_without_history_goes_with_its_outcome(approved, dialog):
    dialog.keep_history = False
    dialog.save()

    becomes(approved, "sent")

    assert approved.text == ""


def test_the_sweep_finds_who_waits_without_a_draft(dialog, olga):
    assert list(unanswered()) == []
    said(dialog, "Hello?")
    assert list(unanswered()) == [dialog.pk]

    draft = DraftReplyFactory(dialog=dialog)
    assert list(unanswered()) == []
    drafts.reject(draft, actor=olga)
    dialog.last_processed_message_id = draft.last_message_id
    dialog.save()
    assert list(unanswered()) == []

    said(dialog, "Anybody?")
    assert list(unanswered()) == [dialog.pk]
    Conversation.objects.update(waiting_since=None)
    assert list(unanswered()) == []
