"""Who a broadcast is for, from the moment it was confirmed until the last copy leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction
from django.utils import timezone

from telegrambot.accounts.services import set_active
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.broadcasts import fan_out, follow_ups, ledger, pacing, segments, services
from telegrambot.broadcasts.models import Broadcast
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, run
from telegrambot.broadcasts.tests.test_interruptions import somebody_waits
from telegrambot.engine.claims import claim
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.testing import BOT_ID
from tests.processes import wait_until

pytestmark = pytest.mark.django_db


def both(first, second):
    """Do the first, and the second in another transaction before the first one ends."""

    def act():
        try:
            second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            acting = pool.submit(act)
            wait_until(lambda: acting.done() or somebody_waits(), "the other transaction")
        acting.result()


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


def test_who_opens_the_chat_after_the_start_gets_none():
    [counted] = recipients(1)
    known_from_a_group = TelegramUserFactory(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    moment = broadcast.started_at + timedelta(seconds=1)

    Dialog.objects.create(
        bot_id=BOT_ID,
        telegram_dialog_id=str(known_from_a_group.telegram_id),
        person=known_from_a_group,
        title="x",
        created_at=moment,
    )
    run(broadcast)

    assert [copy.person for copy in ledger.copies(broadcast)] == [counted]


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", ["all", "segment"])
def test_who_starts_it_while_another_segment_is_chosen_means_that_one(before):
    recipient(is_friend=True)
    recipients(2)
    segment = SegmentFactory(conditions={"is_friend": True})
    broadcast = BroadcastFactory(
        target_audience=before, segment=SegmentFactory() if before == "segment" else None
    )

    both(
        lambda: services.change(broadcast, actor=None, target_audience="segment", segment=segment),
        lambda: services.start(Broadcast(pk=broadcast.pk), actor=None),
    )

    broadcast.refresh_from_db()
    assert (broadcast.audience_size, broadcast.conditions) == (1, {"is_friend": True})


@pytest.mark.django_db(transaction=True)
def test_who_starts_it_while_its_segment_is_edited_means_the_new_one():
    recipient(is_friend=True)
    recipients(2)
    segment = SegmentFactory()
    broadcast = BroadcastFactory(target_audience="segment", segment=segment)

    both(
        lambda: segments.save(segment, conditions={"is_friend": True}, actor=None),
        lambda: services.start(Broadcast(pk=broadcast.pk), actor=None),
    )

    broadcast.refresh_from_db()
    assert (broadcast.audience_size, broadcast.conditions) == (1, {"is_friend": True})


@pytest.mark.django_db(transaction=True)
def test_who_edits_a_segment_while_it_is_being_counted_takes_the_broadcast_off_the_schedule():
    recipients(2)
    segment = SegmentFactory()
    broadcast = BroadcastFactory(target_audience="segment", segment=segment)
    tomorrow = timezone.now() + timedelta(days=1)

    both(
        lambda: services.schedule(broadcast, tomorrow, actor=None),
        lambda: segments.save(segment, conditions={"is_friend": True}, actor=None),
    )

    broadcast.refresh_from_db()
    assert broadcast.status == Broadcast.Status.DRAFT
