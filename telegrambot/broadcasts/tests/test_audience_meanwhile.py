"""Who a broadcast is for, from the moment it was confirmed until the last copy leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from telegrambot.accounts.services import set_active
from telegrambot.broadcasts import fan_out, follow_ups, ledger, pacing, services
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, run
from telegrambot.engine.claims import claim
from telegrambot.engine.models import Message

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_a_day_is_the_same_for_whoever_confirms_and_for_the_rounds(zone):
    for day, hour in [(28, 4), (28, 20), (1, 4), (1, 20)]:
        recipient(created_at=datetime(2026, 2 if day == 28 else 3, day, hour, tzinfo=UTC))
    segment = SegmentFactory(conditions={"joined_from": "2026-03-01"})
    broadcast = BroadcastFactory(target_audience="segment", segment=segment)

    with timezone.override(ZoneInfo(zone)):
        services.start(broadcast, actor=None)
    run(broadcast)

    assert broadcast.audience_size == ledger.copies(broadcast).count() == 2


def test_who_was_switched_off_during_a_pause_gets_nothing_after_it():
    gone, stays = recipients(2)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    services.pause(broadcast, actor=None)
    set_active(gone, False, actor=None)

    services.resume(broadcast, actor=None)

    claimed = [found.message_id for found in claim(10)[0]]
    assert list(Message.objects.filter(pk__in=claimed).values_list("person", flat=True)) == [stays.pk]


def test_trying_again_what_was_stopped_half_way_sends_to_nobody_else(monkeypatch):
    recipients(6)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    monkeypatch.setattr(pacing, "CHUNK", 2)
    fan_out.advance(broadcast.pk)
    failed = ledger.copies(broadcast).earliest("pk")
    arrive(broadcast, failed.person, status=Message.Status.FAILED, error="x")
    with transaction.atomic():
        services.stop(services.locked(broadcast), "Its photo is gone.")
    broadcast.refresh_from_db()

    assert follow_ups.retry_failed(broadcast, actor=None) == 1
    run(broadcast)

    queued = ledger.copies(broadcast).filter(status=Message.Status.QUEUED)
    assert [copy.person for copy in queued] == [failed.person]
