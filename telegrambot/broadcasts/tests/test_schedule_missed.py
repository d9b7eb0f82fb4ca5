"""Broadcasts that were due while everything was down: they ask first, and go once, or never."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import exceptions, ledger, services
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.broadcasts.rounds import make_copies, start_due
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient, recipients
from telegrambot.engine.models import Message, Priority
from telegrambot.engine.testing import ChatClient

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


@pytest.fixture
def operator():
    return recipient(role=Role.ADMIN, timezone="Europe/Berlin")


def missed(*, minutes=16, **values):
    """Scheduled, and its time passed while nothing ran."""
    broadcast = BroadcastFactory(title="News", **values)
    services.schedule(broadcast, timezone.now() + timedelta(days=2), actor=None)
    Broadcast.objects.filter(pk=broadcast.pk).update(scheduled_at=timezone.now() - timedelta(minutes=minutes))
    return broadcast


def rounds(count=3):
    for _ in range(count):
        start_due()
        make_copies()


def at_once(work, count=4):
    """What each of several processes got from it."""

    def in_its_own_connection(number):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(in_its_own_connection, range(count)))


def test_it_asks_once_and_goes_once_when_confirmed(operator):
    broadcast, chat = missed(), ChatClient(operator)
    rounds()
    assert not ledger.copies(broadcast).exists()
    assert Message.objects.filter(priority=Priority.REPORT).count() == 1

    assert "when nothing was running. Should it still go?" in chat.send("/broadcasts").text
    chat.press("Send now")
    rounds()
    assert not ledger.copies(broadcast).exists()
    chat.press("Yes, send to 1 person")
    rounds()

    assert ledger.copies(broadcast).count() == 1
    with pytest.raises(exceptions.NotADraft):
        services.start(broadcast, actor=operator)
    rounds()
    assert ledger.copies(broadcast).count() == 1


def test_it_never_goes_when_declined(operator):
    broadcast, chat = missed(), ChatClient(operator)
    rounds()
    chat.send("/broadcasts")

    assert chat.press("Leave it").toast == "It is a draft again."
    rounds()

    broadcast.refresh_from_db()
    assert broadcast.status == Status.DRAFT
    assert not ledger.copies(broadcast).exists()


def test_it_may_get_another_time(operator):
    broadcast, chat = missed(), ChatClient(operator)
    rounds()
    chat.send("/broadcasts")

    chat.press("🗓 Other time")
    assert "It starts on" in chat.send("tomorrow 9:00").text
    rounds()
    assert not ledger.copies(broadcast).exists()
    Broadcast.objects.update(scheduled_at=timezone.now() - timedelta(minutes=1))
    rounds()

    assert ledger.copies(broadcast).count() == 1


def test_without_an_answer_it_waits(operator):
    broadcast = missed()
    rounds()
    Broadcast.objects.update(scheduled_at=timezone.now() - timedelta(days=30))
    rounds()

    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.needs_confirmation) == (Status.SCHEDULED, True)
    assert not ledger.copies(broadcast).exists()


def test_a_few_minutes_late_is_in_time(operator):
    broadcast = missed(minutes=14)
    rounds()
    assert ledger.copies(broadcast).count() == 1
    assert not Message.objects.filter(payload__buttons__0__0__text="Send now").exists()


@pytest.mark.django_db(transaction=True)
def test_several_processes_come_back_at_once_and_ask_once():
    recipient(role=Role.ADMIN)
    broadcast = missed()

    at_once(lambda _: start_due())

    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.needs_confirmation) == (Status.SCHEDULED, True)
    assert Message.objects.filter(priority=Priority.REPORT).count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_processes_find_one_due_at_once_and_it_starts_once():
    recipients(5)
    broadcast = missed(minutes=0)

    at_once(lambda _: rounds())

    assert ledger.copies(broadcast).count() == 5
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.audience_size) == (Status.SENDING, 5)


@pytest.mark.django_db(transaction=True)
def test_one_confirms_while_another_declines_and_only_one_of_them_is_heard():
    recipients(3)
    broadcast = missed()
    start_due()

    def decide(number):
        decision = services.unschedule if number % 2 else services.start
        try:
            decision(Broadcast(pk=broadcast.pk), actor=None)
        except exceptions.NotADraft:
            return "refused"
        return decision.__name__

    outcomes = at_once(decide)
    rounds()

    # A draft may be started, but nothing that runs becomes a draft.
    broadcast.refresh_from_db()
    assert outcomes.count("start") == 1
    assert broadcast.status == Status.SENDING
    assert ledger.copies(broadcast).count() == 3


# ── By everybody's own clock ──────────────────────────────────────────────────────────────────────────────

NINE_IN_BERLIN = datetime(2026, 6, 2, 7, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Sets the time."""

    def to(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return to


def planned(operator, clock, *, hours_before):
    """Nine o'clock by everybody's own clock."""
    clock(NINE_IN_BERLIN - timedelta(hours=hours_before))
    broadcast = BroadcastFactory(title="News")
    services.schedule(broadcast, NINE_IN_BERLIN, is_local_time=True, actor=operator)
    return broadcast


def test_when_it_is_past_nine_for_somebody_it_asks(operator, clock):
    recipient(timezone="Asia/Tokyo")
    broadcast = planned(operator, clock, hours_before=48)
    # Nine in Tokyo was seven hours before nine in Berlin; everything was down since the day before.
    clock(NINE_IN_BERLIN - timedelta(hours=6))

    rounds()

    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.needs_confirmation) == (Status.SCHEDULED, True)
    assert not ledger.copies(broadcast).exists()
    notice = Message.objects.get(priority=Priority.REPORT)
    assert "for some, that time passed when nothing was running" in notice.text


def test_when_it_is_past_nine_for_nobody_it_goes(operator, clock):
    far = recipient(timezone="America/New_York")
    broadcast = planned(operator, clock, hours_before=48)
    clock(NINE_IN_BERLIN + timedelta(minutes=10))

    rounds()

    assert [copy.person for copy in ledger.copies(broadcast)] == [operator]
    assert [row.person for row in Postponement.objects.all()] == [far]
    clock(NINE_IN_BERLIN + timedelta(hours=6))
    rounds()
    assert {copy.person for copy in ledger.copies(broadcast)} == {operator, far}


def test_who_was_past_nine_when_it_was_scheduled_gets_it_first(operator, clock):
    """The operator knew; nothing was down."""
    east = recipient(timezone="Asia/Tokyo")
    broadcast = planned(operator, clock, hours_before=2)
    assert broadcast.status == Status.SENDING

    rounds()

    assert [copy.person for copy in ledger.copies(broadcast)] == [east]
    assert [row.person for row in Postponement.objects.all()] == [operator]
    broadcast.refresh_from_db()
    assert broadcast.audience_size == 2
