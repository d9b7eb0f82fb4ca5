"""Copies are made just ahead of the sender, one for each recipient, whatever happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import fan_out, ledger, pacing, services
from telegrambot.broadcasts.clocks import moment_for
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.broadcasts.rounds import hold_back
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient, recipients
from telegrambot.engine.models import Message, Priority

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


def started(**values):
    broadcast = BroadcastFactory(**values)
    services.start(broadcast, actor=None)
    return broadcast


def run(broadcast):
    while fan_out.advance(broadcast.pk):
        pass
    broadcast.refresh_from_db()


def wall(*clock):
    """What a clock on somebody's wall shows."""
    return datetime(*clock, tzinfo=UTC).replace(tzinfo=None)


def deliver(broadcast, status=Message.Status.SENT):
    ledger.copies(broadcast).filter(status=Message.Status.QUEUED).update(status=status)


def test_each_recipient_gets_one_copy_with_their_name_in_it():
    ann, nobody = recipient(first_name="<Ann>"), recipient(first_name="")
    broadcast = started(
        buttons=[[{"text": "Read", "link": "guide_x"}, {"text": "Site", "url": "https://e.org"}]]
    )

    run(broadcast)

    copies = {copy.person: copy for copy in ledger.copies(broadcast)}
    assert {person: copy.text for person, copy in copies.items()} == {
        ann: "Hello, &lt;Ann&gt;!",
        nobody: "Hello, friend!",
    }
    assert copies[ann].priority == Priority.BROADCAST
    assert copies[ann].payload["buttons"] == [
        [
            {"text": "Read", "data": f"broadcasts.click:{broadcast.pk}:0"},
            {"text": "Site", "url": "https://e.org"},
        ]
    ]
    assert broadcast.audience_size == 2


@pytest.mark.parametrize(
    "closed",
    [
        {"is_active": False},
        {"blocked_at": timezone.now()},
        {"opted_out_at": timezone.now()},
    ],
)
def test_who_must_not_get_one_gets_none(closed):
    recipient()
    left_out = recipient(**closed)
    broadcast = started()

    run(broadcast)

    assert not Message.objects.filter(person=left_out).exists()
    assert ledger.copies(broadcast).count() == 1


def test_who_comes_after_the_start_is_left_out(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 1)
    there = recipients(2)
    broadcast = started()
    fan_out.advance(broadcast.pk)
    for _ in range(5):
        recipient(created_at=timezone.now())

    run(broadcast)

    assert {copy.person for copy in ledger.copies(broadcast)} == set(there)


def test_copies_lie_ready_for_a_while_only(settings, monkeypatch):
    monkeypatch.setattr(pacing, "AHEAD_LEAST", 4)
    monkeypatch.setattr(pacing, "CHUNK", 2)
    settings.MESSAGES_PER_SECOND = 0.1
    recipients(9)
    broadcast = started()

    run(broadcast)
    assert ledger.copies(broadcast).count() == 4
    assert broadcast.status == Status.SENDING
    seen = 0
    while broadcast.status == Status.SENDING:
        deliver(broadcast)
        run(broadcast)
        seen += 1

    assert ledger.copies(broadcast).count() == 9
    assert broadcast.status == Status.SENT
    assert broadcast.recipients_count == 9
    assert 2 <= seen <= 4


def test_a_round_that_is_repeated_makes_no_second_copy():
    recipients(5)
    broadcast = started()
    run(broadcast)
    Broadcast.objects.update(cursor=None, fanned_out_at=None)

    run(broadcast)

    assert ledger.copies(broadcast).count() == 5


def test_a_round_that_is_cut_off_leaves_nothing_half(monkeypatch):
    recipients(5)
    broadcast = started()

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Broadcast, "save", die)
        with pytest.raises(Killed):
            fan_out.advance(broadcast.pk)
    assert ledger.copies(broadcast).count() == 0

    run(broadcast)
    assert ledger.copies(broadcast).count() == 5


@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_make_one_copy_each(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 7)
    recipients(60)
    broadcast = started()

    def work(_):
        try:
            for _round in range(20):
                fan_out.advance(broadcast.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    run(broadcast)

    assert ledger.copies(broadcast).count() == 60
    assert broadcast.fanned_out_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_that_another_process_holds_is_left_to_it():
    recipients(1)
    broadcast = started()

    def work():
        try:
            return fan_out.advance(broadcast.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Broadcast.objects.select_for_update().get(pk=broadcast.pk)
        assert pool.submit(work).result() is False
    assert not ledger.copies(broadcast).exists()


def test_pausing_holds_back_what_is_queued_and_resuming_goes_on_exactly(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 2)
    recipients(6)
    broadcast = started()
    fan_out.advance(broadcast.pk)

    services.pause(broadcast, actor=None)
    run(broadcast)
    assert list(ledger.copies(broadcast).values_list("not_before", flat=True)) == [None, None]

    services.resume(broadcast, actor=None)
    run(broadcast)
    assert ledger.copies(broadcast).filter(not_before__isnull=False).count() == 6


def test_a_copy_that_comes_back_after_the_pause_is_held_too():
    recipients(1)
    broadcast = started()
    run(broadcast)
    services.pause(broadcast, actor=None)
    ledger.copies(broadcast).update(not_before=timezone.now())

    hold_back()

    assert ledger.copies(broadcast).get().not_before is None


def test_cancelling_ends_what_has_not_left():
    people = recipients(3)
    broadcast = started()
    run(broadcast)
    sent = ledger.copies(broadcast).filter(person=people[0])
    sent.update(status=Message.Status.SENT)
    under_way = ledger.copies(broadcast).filter(person=people[1])
    under_way.update(status=Message.Status.SENDING)

    services.cancel(broadcast, actor=None)
    assert broadcast.status == Status.CANCELLED
    under_way.update(status=Message.Status.QUEUED)
    hold_back()

    assert set(ledger.copies(broadcast).values_list("person", "status")) == {
        (people[0].pk, "sent"),
        (people[1].pk, "cancelled"),
        (people[2].pk, "cancelled"),
    }
    broadcast.refresh_from_db()
    assert broadcast.recipients_count == 1
    assert fan_out.advance(broadcast.pk) is False


def test_when_nobody_got_it_it_failed():
    recipients(2)
    broadcast = started()
    run(broadcast)
    deliver(broadcast, Message.Status.FAILED)

    run(broadcast)

    assert broadcast.status == Status.FAILED
    assert broadcast.failed_count == 2


def test_it_is_not_over_while_something_is_under_way():
    recipients(1)
    broadcast = started()
    run(broadcast)
    deliver(broadcast, Message.Status.SENDING)

    run(broadcast)

    assert broadcast.status == Status.SENDING


# ── Whose time has not come ───────────────────────────────────────────────────────────────────────────────


def test_quiet_hours_put_a_copy_off_until_they_end(monkeypatch):
    night = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: night)
    awake = recipient()
    asleep = recipient(timezone="Europe/Berlin", preferences={"quiet_hours": "22:00–07:00"})
    opted_out = recipient(timezone="Europe/Berlin", preferences={"quiet_hours": "22:00–07:00"})
    broadcast = started()

    run(broadcast)
    assert [copy.person for copy in ledger.copies(broadcast)] == [awake]
    assert {row.due_at for row in Postponement.objects.all()} == {datetime(2026, 3, 10, 6, 0, tzinfo=UTC)}
    deliver(broadcast)
    run(broadcast)
    assert broadcast.status == Status.SENDING

    TelegramUser.objects.filter(pk=opted_out.pk).update(opted_out_at=night)
    monkeypatch.setattr(timezone, "now", lambda: night + timedelta(hours=5))
    run(broadcast)
    assert {copy.person for copy in ledger.copies(broadcast)} == {awake, asleep}
    deliver(broadcast)
    run(broadcast)
    assert broadcast.status == Status.SENT
    assert not Postponement.objects.exists()


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Asia/Tokyo", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 7, 30, tzinfo=UTC)),  # summer time began that night
        ("America/New_York", datetime(2026, 3, 29, 13, 30, tzinfo=UTC)),
        ("", datetime(2026, 3, 29, 9, 30, tzinfo=UTC)),  # the operator's own
    ],
)
def test_everybody_gets_it_at_their_own_half_past_nine(zone, due):
    person = {"timezone": zone, "preferences": {}}
    before = datetime(2026, 3, 28, tzinfo=UTC)

    assert moment_for(person, before, wall(2026, 3, 29, 9, 30), ZoneInfo("UTC")) == due


def test_a_time_that_the_change_to_summer_time_leaves_out_comes_an_hour_later():
    person = {"timezone": "Europe/Berlin", "preferences": {}}
    due = moment_for(person, datetime(2026, 3, 28, tzinfo=UTC), wall(2026, 3, 29, 2, 30), ZoneInfo("UTC"))
    assert due.astimezone(ZoneInfo("Europe/Berlin")).hour == 3


def test_an_hour_that_comes_twice_brings_one_copy():
    person = {"timezone": "Europe/Berlin", "preferences": {}}
    due = moment_for(person, datetime(2026, 10, 24, tzinfo=UTC), wall(2026, 10, 25, 2, 30), ZoneInfo("UTC"))
    assert due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("count", [1, 30])
def test_a_round_takes_the_same_queries_for_any_audience(count, django_assert_max_num_queries):
    recipients(count)
    broadcast = started()

    with django_assert_max_num_queries(12):
        fan_out.advance(broadcast.pk)
