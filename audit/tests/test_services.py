"""Events that the code records."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.context import acting
from audit.exceptions import UnknownEvent
from audit.models import EventLog
from audit.services import record, record_each
from telegrambot.accounts.tests.factories import TelegramUserFactory

pytestmark = pytest.mark.django_db
EXPORTED, VERIFIED = "audit.log.exported", "audit.log.verified"


def events():
    return EventLog.objects.filter(action__in=(EXPORTED, VERIFIED)).order_by("id")


def test_an_event_tells_who_what_whence_and_when():
    person, before = TelegramUserFactory(), timezone.now()

    with acting(user_id="ann", origin="admin", correlation_id="request:1"):
        record(EXPORTED, person, details={"count": 3})

    event = events().get()
    assert (event.user_id, event.origin, event.correlation_id) == ("ann", "admin", "request:1")
    assert (event.action, event.entity_type, event.entity_id) == (
        EXPORTED,
        "accounts.telegramuser",
        str(person.pk),
    )
    assert event.details == {"count": 3}
    assert before <= event.timestamp <= timezone.now()


def test_without_a_context_it_is_the_program_from_the_shell():
    record(EXPORTED)

    event = events().get()
    assert (event.user_id, event.origin, event.correlation_id) == ("system", "shell", "")
    assert (event.entity_type, event.entity_id, event.details) == ("", "", {})


def test_an_origin_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="elsewhere"), acting(origin="elsewhere"):
        record(VERIFIED)

    assert not events().exists()


def test_what_the_context_keeps_comes_into_the_details():
    with acting(undoes=7):
        record(EXPORTED, details={"count": 3})

    assert events().get().details == {"undoes": 7, "count": 3}


def test_an_undeclared_event_is_refused_and_nothing_is_asked_of_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        with pytest.raises(UnknownEvent, match=r"audit\.log\.burned"):
            record("audit.log.burned")
        with pytest.raises(UnknownEvent):
            record_each("audit.log.burned", [TelegramUserFactory.build()])


def test_an_event_shares_the_fate_of_what_it_tells_of():
    with transaction.atomic():
        record(EXPORTED)
        transaction.set_rollback(True)

    assert not events().exists()


def test_events_of_one_transaction_know_that():
    with transaction.atomic():
        record(EXPORTED)
        record(VERIFIED)

    assert len(set(events().values_list("transaction_id", flat=True))) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert cursor.fetchone()[0] == events().first().transaction_id


def test_an_event_is_one_statement(django_assert_num_queries):
    person = TelegramUserFactory()

    with django_assert_num_queries(1):
        record(EXPORTED, person, details={"count": 3})


@pytest.mark.parametrize("count", [1, 5])
def test_the_same_of_several_things_is_an_event_each_in_one_statement(django_assert_num_queries, count):
    people = TelegramUserFactory.create_batch(count)

    with acting(user_id="ann", origin="admin"), django_assert_num_queries(1):
        record_each(EXPORTED, people, details={"why": "asked"})

    found = list(events())
    assert [event.entity_id for event in found] == [str(person.pk) for person in people]
    assert {(event.user_id, event.origin, event.details["why"]) for event in found} == {
        ("ann", "admin", "asked")
    }


def test_nothing_happened_to_nobody(django_assert_num_queries):
    with django_assert_num_queries(0):
        record_each(EXPORTED, [])
