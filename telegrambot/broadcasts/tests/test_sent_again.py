"""Copies that failed or are uncertain, and that an operator sends again one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from telegrambot.accounts.services import opt_out, set_active
from telegrambot.broadcasts import amendments, follow_ups, ledger, rounds, services
from telegrambot.broadcasts.admin.broadcasts import _count_anew
from telegrambot.broadcasts.exceptions import NotForThem, PauseFirst, TakenBack
from telegrambot.broadcasts.models import Broadcast
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipients
from telegrambot.broadcasts.tests.test_follow_ups import arrive, copy_of, run
from telegrambot.broadcasts.tests.test_interruptions import somebody_waits
from telegrambot.engine import services as engine
from telegrambot.engine import settlement
from telegrambot.engine.claims import claim
from telegrambot.engine.models import Message
from telegrambot.engine.privacy import set_keep_history
from telegrambot.engine.settlement import Outcome
from tests.processes import wait_until

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


def leaving():
    """The copies that a sender takes after all rounds."""
    rounds.make_copies()
    amended()
    rounds.hold_back()
    return [found for found in claim(10)[0] if found.operation == "send"]


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


def test_a_broadcast_that_is_over_goes_on_until_it_has_left(two):
    broadcast, ben = two
    run(broadcast)
    first = copy_of(broadcast, ben)
    engine.send_again([first.pk], actor=None)
    run(broadcast)
    assert (broadcast.status, broadcast.sent_at) == (Broadcast.Status.SENDING, None)

    arrive(broadcast, ben)
    run(broadcast)

    assert broadcast.status == Broadcast.Status.SENT
    assert (broadcast.recipients_count, broadcast.uncertain_count) == (2, 0)
    # Each message is copied once: nothing leaves, so nothing goes on.
    engine.send_again([first.pk], actor=None)
    broadcast.refresh_from_db()
    assert broadcast.status == Broadcast.Status.SENT


def test_one_that_nobody_got_goes_on_too(two):
    broadcast, ben = two
    ledger.copies(broadcast).update(status=Status.FAILED, error="no")
    run(broadcast)
    assert broadcast.status == Broadcast.Status.FAILED

    again(broadcast, ben)
    arrive(broadcast, ben)
    run(broadcast)

    assert (broadcast.status, broadcast.recipients_count) == (Broadcast.Status.SENT, 1)


@pytest.mark.parametrize("is_on_its_way", [False, True])
def test_taking_the_broadcast_back_takes_it_along(two, is_on_its_way):
    broadcast, ben = two
    run(broadcast)
    again(broadcast, ben)
    found = claim(10)[0] if is_on_its_way else []

    follow_ups.recall(broadcast, actor=None)

    assert leaving() == []
    # Telegram asked to slow down.
    settlement.settle([Outcome(c.message_id, c.token, c.dialog_id, "queued", attempts_back=1) for c in found])
    assert leaving() == []


def test_a_correction_asks_for_a_pause_and_then_corrects_it(two):
    broadcast, ben = two
    run(broadcast)
    again(broadcast, ben)
    with pytest.raises(PauseFirst):
        follow_ups.correct(broadcast, "Price: 100", actor=None)

    services.pause(broadcast, actor=None)
    follow_ups.correct(broadcast, "Price: 100", actor=None)
    amended()
    services.resume(broadcast, actor=None)

    assert [found.text for found in leaving()] == ["Price: 100"]
    assert copy_of(broadcast, ben).status == Status.SENDING


def test_who_is_switched_off_while_it_waits_gets_none(two):
    broadcast, ben = two
    run(broadcast)
    again(broadcast, ben)

    set_active(ben, False, actor=None)

    assert leaving() == []


@pytest.mark.django_db(transaction=True)
def test_stop_while_it_is_being_sent_again_waits_for_it_and_takes_it_back(two):
    broadcast, ben = two
    run(broadcast)
    first = copy_of(broadcast, ben)

    def stop():
        try:
            opt_out(ben, actor=ben)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            engine.send_again([first.pk], actor=None)
            stopping = pool.submit(stop)
            wait_until(lambda: stopping.done() or somebody_waits(), "the other transaction")
        stopping.result()

    assert ledger.copies(broadcast).exclude(pk=first.pk).get(person=ben).status == Status.CANCELLED
