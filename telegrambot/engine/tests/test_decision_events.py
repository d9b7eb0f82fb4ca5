"""What operators decide is an event of each thing they decided about."""

from __future__ import annotations

import pytest

from audit.context import acting
from audit.models import EventLog
from config.errors import DomainError
from telegrambot.engine import jobs, services
from telegrambot.engine.tests.factories import InboundUpdateFactory, MessageFactory
from telegrambot.engine.tests.test_jobs import make_job

pytestmark = pytest.mark.django_db

MESSAGE, UPDATE, JOB = "engine.message", "engine.inboundupdate", "engine.backgroundjob"
# What is decided, about what it may be, about what not, and the event it leaves.
DECISIONS = [
    (services.retry_updates, InboundUpdateFactory, "failed", "done", UPDATE, "engine.update.retried"),
    (services.send_again, MessageFactory, "failed", "sent", MESSAGE, "engine.message.sent_again"),
    (services.count_as_sent, MessageFactory, "uncertain", "sent", MESSAGE, "engine.message.counted_as_sent"),
    (services.cancel_messages, MessageFactory, "queued", "sent", MESSAGE, "engine.message.cancelled"),
    (jobs.retry, make_job, "failed", "todo", JOB, "engine.job.retried"),
    (jobs.cancel, make_job, "todo", "failed", JOB, "engine.job.cancelled"),
]


def events(action):
    return EventLog.objects.filter(action=action).order_by("id")


@pytest.mark.parametrize(("decide", "make", "fit", "unfit", "kind", "action"), DECISIONS)
def test_every_decision_is_recorded_for_each_row(decide, make, fit, unfit, kind, action):
    rows = [make(status=fit), make(status=fit)]

    with acting(user_id="ann", origin="admin", correlation_id="request:1"):
        decide([row.pk for row in rows], actor=None)

    assert [(event.entity_type, event.entity_id) for event in events(action)] == [
        (kind, str(row.pk)) for row in rows
    ]
    assert {(event.user_id, event.origin, event.correlation_id) for event in events(action)} == {
        ("ann", "admin", "request:1")
    }


@pytest.mark.parametrize(("decide", "make", "fit", "unfit", "kind", "action"), DECISIONS)
def test_what_was_refused_leaves_no_event(decide, make, fit, unfit, kind, action):
    rows = [make(status=fit), make(status=unfit)]

    with pytest.raises(DomainError):
        decide([row.pk for row in rows], actor=None)
    decide([], actor=None)

    assert not events(action).exists()


def test_a_message_sent_again_before_is_no_event_a_second_time():
    message = MessageFactory(status="failed", text="private words")

    for _ in range(2):
        services.send_again([message.pk], actor=None)

    (event,) = events("engine.message.sent_again")
    assert "private" not in str(event.details)
