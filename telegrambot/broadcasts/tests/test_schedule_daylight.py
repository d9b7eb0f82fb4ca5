"""Schedules over the nights on which clocks are changed: everybody gets it once, at the right instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from telegrambot.broadcasts import clocks, ledger, services
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.broadcasts.moments import parse
from telegrambot.broadcasts.rounds import make_copies, start_due
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient
from telegrambot.engine.models import Message

pytestmark = pytest.mark.django_db

Status = Broadcast.Status
BERLIN, NEW_YORK, CAIRO = ZONES = ("Europe/Berlin", "America/New_York", "Africa/Cairo")
STEP = timedelta(minutes=30)


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Days:
    """Lets time pass in steps; whoever gets a copy has it at once."""

    def __init__(self, monkeypatch, start):
        self.now = start
        self.arrived = {}
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def pass_until(self, end):
        while self.now < end:
            self.now += STEP
            start_due()
            make_copies()
            for copy in Message.objects.filter(priority=9, status=Message.Status.QUEUED):
                self.arrived.setdefault(copy.person, []).append(self.now)
                copy.status = Message.Status.SENT
                copy.save(update_fields=["status"])


def people():
    """Somebody in each time zone, and somebody who named none: the operator's counts for them."""
    return {zone: recipient(timezone=zone) for zone in ("", *ZONES)}


# What everybody's clock has to show, and the instants (UTC) at which it does in Berlin, New York and Cairo.
NIGHTS = [
    # New York: 02:30 does not exist.
    ("2026-03-08 02:30", "2026-03-08 01:30", "2026-03-08 07:30", "2026-03-08 00:30"),
    # Berlin: 02:30 does not exist; New York is in summer already, Cairo not yet.
    ("2026-03-29 02:30", "2026-03-29 01:30", "2026-03-29 06:30", "2026-03-29 00:30"),
    # Cairo: the day begins at 01:00.
    ("2026-04-24 00:30", "2026-04-23 22:30", "2026-04-24 04:30", "2026-04-23 22:30"),
    # Berlin: 02:30 comes twice.
    ("2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25 06:30", "2026-10-24 23:30"),
    # Cairo: 23:30 comes twice; Berlin is in winter already.
    ("2026-10-29 23:30", "2026-10-29 22:30", "2026-10-30 03:30", "2026-10-29 20:30"),
    # New York: 01:30 comes twice.
    ("2026-11-01 01:30", "2026-11-01 00:30", "2026-11-01 05:30", "2026-10-31 23:30"),
    # The morning after.
    ("2026-03-29 09:00", "2026-03-29 07:00", "2026-03-29 13:00", "2026-03-29 07:00"),
    ("2026-10-25 09:00", "2026-10-25 08:00", "2026-10-25 13:00", "2026-10-25 06:00"),
]


@pytest.mark.parametrize(("clock", "berlin", "new_york", "cairo"), NIGHTS)
def test_everybody_gets_it_once_by_their_own_clock(monkeypatch, clock, berlin, new_york, cairo):
    # The operator's own clock has to show that time too: one that is never changed.
    moment = datetime.fromisoformat(clock).replace(tzinfo=UTC)
    readers, broadcast = people(), BroadcastFactory()
    days = Days(monkeypatch, moment - timedelta(hours=27))
    services.schedule(
        broadcast, moment, is_local_time=True, actor=recipient(timezone="UTC", opted_out_at=moment)
    )

    days.pass_until(moment + timedelta(hours=12))

    assert days.arrived == {
        readers[""]: [moment],
        readers[BERLIN]: [instant(berlin)],
        readers[NEW_YORK]: [instant(new_york)],
        readers[CAIRO]: [instant(cairo)],
    }
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.recipients_count) == (Status.SENT, 4)
    assert not Postponement.objects.exists()


@pytest.mark.parametrize(
    ("zone", "typed", "due"),
    [
        (BERLIN, "2026-03-29 9:00", "2026-03-29 07:00"),
        (BERLIN, "2026-03-29 2:30", "2026-03-29 01:30"),  # the clock goes from 02:00 to 03:00
        (BERLIN, "2026-10-25 2:30", "2026-10-25 00:30"),  # the first of two
        (BERLIN, "2026-10-25 9:00", "2026-10-25 08:00"),
        (NEW_YORK, "2026-03-08 2:30", "2026-03-08 07:30"),
        (NEW_YORK, "2026-11-01 1:30", "2026-11-01 05:30"),
        (CAIRO, "2026-04-24 0:30", "2026-04-23 22:30"),
        (CAIRO, "2026-10-29 23:30", "2026-10-29 20:30"),
    ],
)
def test_at_one_moment_for_all_the_operators_clock_counts(monkeypatch, zone, typed, due):
    readers, broadcast = people(), BroadcastFactory()
    days = Days(monkeypatch, instant(due) - timedelta(hours=2))
    services.schedule(broadcast, parse(typed, days.now, ZoneInfo(zone)), actor=recipient(timezone=zone))

    days.pass_until(instant(due) + timedelta(hours=2))

    assert [days.arrived[reader] for reader in readers.values()] == [[instant(due)]] * 4
    broadcast.refresh_from_db()
    assert broadcast.status == Status.SENT


@pytest.mark.parametrize(
    ("zone", "clock", "due"),
    [
        # They end at 02:30, which does not exist: clocks show 03:30 by then.
        (BERLIN, "2026-03-29 01:00", "2026-03-29 01:30"),
        (NEW_YORK, "2026-03-08 01:00", "2026-03-08 07:30"),
        # They end at 02:30, which comes twice: the second time they are over for certain.
        (BERLIN, "2026-10-25 01:00", "2026-10-25 01:30"),
        (NEW_YORK, "2026-11-01 00:30", "2026-11-01 07:30"),  # there it is 01:30 that comes twice
    ],
)
def test_quiet_hours_that_end_in_such_a_night(monkeypatch, zone, clock, due):
    sleeper = recipient(timezone=zone, preferences={"quiet_hours": "22:00-02:30"})
    operator = recipient(timezone=zone)
    moment = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))
    broadcast = BroadcastFactory()
    days = Days(monkeypatch, moment.astimezone(UTC) - timedelta(hours=3))
    services.schedule(broadcast, moment, is_local_time=True, actor=operator)

    days.pass_until(moment + timedelta(hours=12))

    assert days.arrived == {operator: [moment], sleeper: [instant(due)]}


def test_who_moves_to_another_time_zone_while_it_runs_still_gets_it_once(monkeypatch):
    traveller, broadcast = recipient(timezone=NEW_YORK), BroadcastFactory()
    moment = instant("2026-03-29 07:00")
    days = Days(monkeypatch, moment - timedelta(hours=3))
    services.schedule(broadcast, moment, is_local_time=True, actor=recipient(timezone=BERLIN))
    days.pass_until(moment - timedelta(hours=1))
    assert Postponement.objects.filter(person=traveller).exists()

    traveller.timezone = "Asia/Tokyo"
    traveller.save()
    days.pass_until(moment + timedelta(hours=12))

    assert len(days.arrived[traveller]) == 1
    assert ledger.copies(broadcast).count() == 2


def test_an_operator_whose_time_zone_nobody_knows_holds_up_nothing(monkeypatch, settings):
    settings.TIME_ZONE = "UTC"
    operator, moment = recipient(timezone="Mars/Olympus"), instant("2026-03-29 07:00")
    days = Days(monkeypatch, moment - timedelta(hours=27))
    services.schedule(BroadcastFactory(), moment, is_local_time=True, actor=operator)

    days.pass_until(moment)

    assert days.arrived == {operator: [moment]}


def test_what_the_clocks_of_a_zone_show():
    in_utc = ZoneInfo("UTC")
    half_past_two = instant("2026-03-29 02:30").replace(tzinfo=None)
    assert clocks.when_shown(half_past_two, "Europe/Berlin", in_utc) == instant("2026-03-29 01:30")
    assert clocks.when_shown(half_past_two, "", in_utc) == instant("2026-03-29 02:30")
    assert clocks.when_shown(half_past_two, "Mars/Olympus", in_utc) == instant("2026-03-29 02:30")
