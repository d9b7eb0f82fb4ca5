"""Operators who decide at the same instant, and people who write at that instant."""

from __future__ import annotations

import pytest

from audit.models import EventLog
from telegrambot.engine.models import Message, Priority
from telegrambot.inbox.desk import drafts
from telegrambot.inbox.desk.exceptions import DecidedAlready
from telegrambot.inbox.models import DraftReply
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import operator
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 200


def test_approve_and_reject_at_the_same_instant_is_one_decision_each_time():
    olga, boris = operator(first_name="Olga"), operator(first_name="Boris")
    decided = []
    for _number in range(ROUNDS):
        draft = DraftReplyFactory()

        results = at_once(
            lambda draft=draft: drafts.approve(draft, actor=olga),
            lambda draft=draft: drafts.reject(draft, fault="wrong", actor=boris),
        )

        refused = [result for result in results if isinstance(result, Exception)]
        assert [type(error) for error in refused] == [DecidedAlready]
        row = DraftReply.objects.get(pk=draft.pk)
        sent = Message.objects.filter(dialog=draft.dialog, priority=Priority.APPROVED_REPLY)
        assert (row.status, row.decided_by, sent.count()) in [("approved", olga, 1), ("rejected", boris, 0)]
        decided.append(row.status)
    events = EventLog.objects.filter(action__in=["inbox.draft.approved", "inbox.draft.rejected"])
    assert events.count() == ROUNDS
    assert decided.count("approved") + decided.count("rejected") == ROUNDS
