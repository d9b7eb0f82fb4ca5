"""Copies that failed or are uncertain, and that an operator sends again one by one."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts.services import opt_out
from telegrambot.broadcasts import amendments, follow_ups, ledger, rounds, services
from telegrambot.broadcasts.admin.broadcasts import _count_anew
from telegrambot.broadcasts.exceptions import NotForThem, TakenBack
from telegrambot.broadcasts.models import Broadcast
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, copy_of, run
from telegrambot.engine import services as engine
from telegrambot.engine.claims import claim
from telegrambot.engine.models import Message
from telegrambot.engine.privacy import set_keep_history

pytestmark = pytest.mark.django_db

Status = Message.Status


@pytest.fixture
def two():
    """Two people, and a broadcast that one of them has; whether the other has it is not known."""
    ann, ben = recipients(2)
    broadcast = BroadcastFactory(message_text="Price: 10")
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, ann)
    arrive(broadcast, ben, status=Status.UNCERTAIN, error="no answer")
    return broadcast, ben


def amended():
    while amendments.advance_all():
        pass


def again(broadcast, person):
    engine.send_again([copy_of(broadcast, person).pk], actor=None)


def queued(broadcast):
    return list(ledger.copies(broadcast).filter(status=Status.QUEUED))


@pytest.mark.parametrize("keeps_history", [True, False])
def test_it_says_what_the_broadcast_says_now(two, keeps_history):
    broadcast, ben = two
    run(broadcast)
    follow_ups.correct(broadcast, "Price: 100", actor=None)
    amended()
    set_keep_history(copy_of(broadcast, ben).dialog, keeps_history, actor=None)

    again(broadcast, ben)

    (copy,) = queued(broadcast)
    assert copy.text == ("Price: 100" if keeps_history else "")
    assert [found.text for found in claim(10)[0] if found.message_id == copy.pk] == ["Price: 100"]


def test_what_was_taken_back_stays_so(two):
    broadcast, ben = two
    run(broadcast)
    follow_ups.recall(broadcast, actor=None)
    amended()

    with pytest.raises(TakenBack):
        again(broadcast, ben)

    assert queued(broadcast) == []


def test_what_was_cancelled_long_ago_stays_so(two):
    broadcast, ben = two
    services.cancel(broadcast, actor=None)
    Broadcast.objects.update(sent_at=timezone.now() - timedelta(hours=1))

    with pytest.raises(TakenBack):
        again(broadcast, ben)

    assert queued(broadcast) == []


def test_who_wants_no_broadcasts_any_more_gets_none(two):
    broadcast, ben = two
    run(broadcast)
    opt_out(ben, actor=ben)

    with pytest.raises(NotForThem):
        again(broadcast, ben)

    assert queued(broadcast) == []


def test_a_pause_holds_it_at_once(two):
    broadcast, ben = two
    services.pause(broadcast, actor=None)

    again(broadcast, ben)

    assert claim(10)[0] == []
    services.resume(broadcast, actor=None)
    rounds.hold_back()
    assert len(claim(10)[0]) == 1


@pytest.mark.parametrize("first", [Status.FAILED, Status.UNCERTAIN])
def test_when_it_fails_too_the_person_can_still_be_tried_again(two, first):
    broadcast, ben = two
    ledger.copies(broadcast).filter(person=ben).update(status=first)
    run(broadcast)
    again(broadcast, ben)
    arrive(broadcast, ben, status=Status.FAILED, error="no")

    assert follow_ups.retry_failed(broadcast, actor=None) == 1
    run(broadcast)

    assert [copy.person_id for copy in queued(broadcast)] == [ben.pk]
    assert ledger.copies(broadcast).filter(person=ben).count() == 1


def test_quiet_hours_only_put_it_off(two):
    broadcast, ben = two
    now = timezone.now().astimezone(UTC)
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    ben.preferences, ben.timezone = {"quiet_hours": hours}, "UTC"
    ben.save()
    again(broadcast, ben)
    run(broadcast)
    assert queued(broadcast) == []

    ben.preferences = {}
    ben.save()
    broadcast.postponements.update(due_at=timezone.now() - timedelta(seconds=1))
    run(broadcast)

    assert [copy.person_id for copy in queued(broadcast)] == [ben.pk]


def test_the_list_counts_as_the_page_does(two):
    broadcast, ben = two
    ledger.copies(broadcast).filter(person=ben).update(status=Status.FAILED)
    again(broadcast, ben)
    arrive(broadcast, ben)

    _count_anew([broadcast])

    assert broadcast.failed_count == ledger.progress(broadcast).failed == 0
