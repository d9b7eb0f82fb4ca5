"""What operators see before they confirm, and by what people are chosen."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from telegrambot.accounts import audience
from telegrambot.accounts.exceptions import BadCondition
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.broadcasts import preflight
from telegrambot.broadcasts.models import BroadcastClick, Segment
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.engine.models import Dialog, Message, Priority

pytestmark = pytest.mark.django_db


def test_everybody_counts_once_by_the_first_reason(settings):
    settings.MESSAGES_PER_SECOND, settings.BROADCAST_CONFIRM_ABOVE = 2, 2
    now = timezone.now()
    recipients(3)
    recipient(is_active=False, blocked_at=now, opted_out_at=now)
    recipient(blocked_at=now, opted_out_at=now)
    recipient(opted_out_at=now)
    TelegramUserFactory()
    business = TelegramUserFactory()
    known = {"person": business, "telegram_dialog_id": "1"}
    Dialog.objects.create(bot_id=7_000_001, business_connection_id="b", **known)
    Dialog.objects.create(bot_id=1, **known)  # another bot's

    found = preflight.check(BroadcastFactory())

    reach = found.reach
    assert (reach.recipients, reach.inactive, reach.blocked, reach.opted_out) == (3, 1, 1, 1)
    assert (reach.without_chat, reach.left_out) == (2, 5)
    assert (found.seconds, found.needs_number) == (1.5, True)


def test_without_a_limit_it_takes_no_time(settings):
    settings.MESSAGES_PER_SECOND = 0
    recipient()
    found = preflight.check(BroadcastFactory())
    assert (found.seconds, found.needs_number) == (0, False)


def test_who_sleeps_now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 10, 12, 0, tzinfo=UTC))
    for zone, hours in (
        ("", "11:00–13:00"),
        ("", "13:00–14:00"),
        ("Asia/Tokyo", "20:00–22:00"),  # 21:00 there
        ("Asia/Tokyo", "22:00–07:00"),
        ("Asia/Tokyo", "nonsense"),
    ):
        recipient(timezone=zone, preferences={"quiet_hours": hours})
    recipient(preferences={"quiet_hours": "11:00–13:00"}, opted_out_at=timezone.now())
    recipient()

    assert preflight.check(BroadcastFactory()).asleep == 2


@pytest.mark.parametrize("count", [1, 30])
def test_it_takes_two_queries_for_any_audience(count, django_assert_num_queries):
    recipients(count, preferences={"quiet_hours": "11:00–13:00"})
    broadcast = BroadcastFactory(target_audience="segment", segment=SegmentFactory())
    with django_assert_num_queries(2):
        preflight.check(broadcast)


def test_people_are_chosen_by_what_they_got_and_pressed():
    got, clicked, neither = recipients(3)
    first, second = BroadcastFactory(), BroadcastFactory()
    for broadcast, person, status in (
        (first, got, "sent"),
        (first, clicked, "sent"),
        (first, neither, "failed"),
        (second, neither, "sent"),
    ):
        Message.objects.create(
            dialog=person.dialogs.get(),
            person=person,
            direction="outbound",
            status=status,
            priority=Priority.BROADCAST,
            origin=broadcast.origin,
        )
    BroadcastClick.objects.create(broadcast=first, person=clicked, button=0)

    assert set(audience.people({"got_broadcast": str(first.pk)})) == {got, clicked}
    assert set(audience.people({"clicked_broadcast": str(first.pk)})) == {clicked}
    assert not audience.people({"clicked_broadcast": str(uuid4())})


@pytest.mark.parametrize("conditions", [["x"], {"shoe_size": 42}, {"language": "xx"}])
def test_a_segment_by_which_nobody_can_be_chosen_is_refused(conditions):
    with pytest.raises(ValidationError) as caught:
        Segment(name="x", conditions=conditions).full_clean()
    assert caught.value.message_dict["conditions"][0].endswith(".")


@pytest.mark.parametrize("name", ["got_broadcast", "clicked_broadcast", "guide_saved", "guide_read"])
@pytest.mark.parametrize("value", ["x", 5, None, ["x"], True])
def test_what_is_no_key_is_refused(name, value):
    with pytest.raises(BadCondition):
        audience.people({name: value})
