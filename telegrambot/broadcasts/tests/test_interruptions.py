"""What may happen in the middle: people leave or block the bot, operators and processes act at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.services import opt_in, opt_out
from telegrambot.broadcasts import exceptions, fan_out, ledger, pacing, services
from telegrambot.broadcasts.models import Broadcast, Postponement
from telegrambot.broadcasts.rounds import hold_back, make_copies
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient, recipients
from telegrambot.engine import claims, settlement
from telegrambot.engine.models import Message
from telegrambot.engine.settlement import Outcome
from telegrambot.engine.testing import ChatClient
from tests.processes import wait_until

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch, settings):
    """Copies are made two by two, and nothing limits the rate."""
    monkeypatch.setattr(pacing, "CHUNK", 2)
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 0


def started(**values):
    broadcast = BroadcastFactory(**values)
    services.start(broadcast, actor=None)
    return broadcast


def send_all(**refused):
    """Claim and settle as a sender does; `blocked`: people who block the bot. Who got it."""
    got = []
    while found := claims.claim(100)[0]:
        for claim in found:
            person = Message.objects.get(pk=claim.message_id).person
            if person in refused.get("blocked", ()):
                outcome = ("failed", {"blocked": True, "error": "Forbidden: bot was blocked by the user"})
            else:
                outcome = ("sent", {"external_message_id": "1"})
                got.append(person)
            status, more = outcome
            settlement.settle([Outcome(claim.message_id, claim.token, claim.dialog_id, status, **more)])
    return got


def somebody_waits():
    """Whether a transaction waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


def finished(broadcast):
    """Let it go on to its end; who got it."""
    got = []
    for _ in range(10):
        make_copies()
        got += send_all()
    broadcast.refresh_from_db()
    assert not broadcast.is_running
    return got


def test_stop_in_the_middle_and_nothing_more_comes():
    people = recipients(6)
    broadcast, next_one = started(), started()
    fan_out.advance(broadcast.pk)
    has_it, waits, comes_later = sorted(people, key=lambda person: person.pk)[:3]
    claimed = ledger.copies(broadcast).filter(person=has_it)
    claimed.update(status=Message.Status.SENT)

    for leaver in (has_it, waits, comes_later):
        ChatClient(leaver).send("/stop")

    got = finished(broadcast) + finished(next_one)
    assert not {has_it, waits, comes_later} & set(got)
    stay = set(people) - {has_it, waits, comes_later}
    assert {person: got.count(person) for person in stay} == dict.fromkeys(stay, 2)
    broadcast.refresh_from_db()
    assert (broadcast.recipients_count, broadcast.opt_outs_count) == (4, 1)
    assert not ledger.copies(broadcast).filter(person=comes_later).exists()


@pytest.mark.django_db(transaction=True)
def test_stop_while_the_copy_is_being_made_waits_for_it_and_takes_it_back():
    leaver = recipient()
    broadcast = started()

    def stop():
        try:
            opt_out(leaver, actor=leaver)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            fan_out.advance(broadcast.pk)
            stopping = pool.submit(stop)
            wait_until(lambda: stopping.done() or somebody_waits(), "the other transaction")
        stopping.result()

    assert ledger.copies(broadcast).get().status == Message.Status.CANCELLED
    assert send_all() == []


def test_who_stops_and_comes_back_does_not_get_what_was_cancelled():
    wavering, other = recipients(2)
    broadcast = started()
    fan_out.advance(broadcast.pk)

    opt_out(wavering, actor=wavering)
    opt_in(wavering, actor=wavering)

    assert finished(broadcast) == [other]


def test_who_stops_while_their_copy_is_put_off_gets_none(monkeypatch):
    night = timezone.now().replace(hour=1, minute=0)
    monkeypatch.setattr(timezone, "now", lambda: night)
    sleeper = recipient(preferences={"quiet_hours": "22:00-07:00"}, timezone="UTC")
    other = recipient()
    broadcast = started()
    make_copies()
    assert Postponement.objects.get().person == sleeper

    opt_out(sleeper, actor=sleeper)
    monkeypatch.setattr(timezone, "now", lambda: night + timedelta(hours=7))

    assert finished(broadcast) == [other]


def test_a_block_in_the_middle_costs_one_try_and_no_more():
    people = recipients(6)
    first, second = started(), started()
    make_copies()
    blockers = [ledger.copies(first).order_by("pk").first().person]

    got = []
    for _ in range(10):
        got += send_all(blocked=blockers)
        make_copies()

    for broadcast in (first, second):
        broadcast.refresh_from_db()
        assert broadcast.status == Status.SENT
    statuses = Message.objects.filter(person=blockers[0]).order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["failed", "cancelled"]
    assert (first.failed_count, first.recipients_count, second.recipients_count) == (1, 5, 5)
    assert TelegramUser.objects.get(pk=blockers[0].pk).blocked_at is not None
    assert {person: got.count(person) for person in people} == {
        person: 0 if person in blockers else 2 for person in people
    }


def test_a_try_under_way_at_the_pause_is_not_repeated_until_it_goes_on():
    recipients(3)
    broadcast = started()
    make_copies()
    [claim, *_] = claims.claim(1)[0]
    services.pause(broadcast, actor=None)
    # Telegram asked to slow down: the copy comes back after the pause.
    settlement.settle([Outcome(claim.message_id, claim.token, claim.dialog_id, "queued", attempts_back=1)])

    hold_back()

    assert send_all() == []
    services.resume(broadcast, actor=None)
    got = finished(broadcast)
    assert len(got) == len(set(got)) == 3


@pytest.mark.django_db(transaction=True)
def test_processes_make_copies_and_send_while_operators_pause_and_resume():
    people = recipients(30)
    broadcast = started()

    def work(number):
        got = []
        try:
            for turn in range(15):
                if number < 2:
                    make_copies()
                    got += send_all()
                else:
                    act = services.pause if (turn + number) % 2 else services.resume
                    try:
                        act(Broadcast(pk=broadcast.pk), actor=None)
                    except (exceptions.NotSending, exceptions.NotPaused):
                        continue
        finally:
            connections.close_all()
        return got

    with ThreadPoolExecutor(4) as pool:
        got = [person for found in pool.map(work, range(4)) for person in found]
    broadcast.refresh_from_db()
    if broadcast.status == Status.PAUSED:
        services.resume(broadcast, actor=None)
    for _ in range(20):
        make_copies()
        got += send_all()

    assert sorted(person.pk for person in got) == sorted(person.pk for person in people)
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.recipients_count) == (Status.SENT, 30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", [services.cancel, services.pause, services.unschedule, services.discard])
def test_two_operators_decide_differently_at_once(rival):
    recipients(4)
    broadcast = BroadcastFactory()

    def decide(act):
        try:
            act(Broadcast(pk=broadcast.pk), actor=None)
        except (
            exceptions.NotADraft,
            exceptions.NotSending,
            exceptions.AlreadyOver,
            exceptions.BroadcastNotFound,
        ):
            return "refused"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, [services.start, rival]))

    assert "done" in outcomes
    make_copies()
    copies = Message.objects.filter(origin=broadcast.origin)
    row = Broadcast.objects.filter(pk=broadcast.pk).first()
    is_running = row is not None and row.status == Status.SENDING
    assert copies.filter(status=Message.Status.QUEUED).exclude(not_before=None).count() == (
        2 if is_running else 0
    )
