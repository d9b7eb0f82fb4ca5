"""The life of a broadcast."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from telegrambot.accounts.roles import Role
from telegrambot.accounts.services import opt_out
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.broadcasts import exceptions, fan_out, ledger, services
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia, BroadcastOptOut
from telegrambot.broadcasts.rounds import start_due
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.engine.models import Message, OutgoingFile, Priority

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def media(broadcast, kind="photo", position=0):
    return BroadcastMedia.objects.create(
        broadcast=broadcast, kind=kind, position=position, name=f"{position}.bin", content=b"content"
    )


# ── Starting ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_two_operators_start_it_at_once_and_it_starts_once():
    recipients(3)
    broadcast = BroadcastFactory()

    def start(_):
        try:
            services.start(fresh(broadcast), actor=None)
        except exceptions.NotADraft:
            return "refused"
        finally:
            connections.close_all()
        return "started"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(start, range(4)))

    assert outcomes == ["refused"] * 3 + ["started"]


def test_starting_twice_is_refused_in_a_sentence():
    recipient()
    broadcast = BroadcastFactory(title="News")
    services.start(broadcast, actor=None)

    with pytest.raises(exceptions.NotADraft, match="“News” is sending"):
        services.start(broadcast, actor=None)


def test_a_broadcast_for_nobody_does_not_start():
    TelegramUserFactory()  # has no chat with the bot
    broadcast = BroadcastFactory()

    with pytest.raises(exceptions.NobodyToTell):
        services.start(broadcast, actor=None)
    assert fresh(broadcast).status == Status.DRAFT


@pytest.mark.parametrize("confirmed", [None, 2, 4])
def test_a_large_audience_needs_its_number_typed(settings, confirmed):
    settings.BROADCAST_CONFIRM_ABOVE = 2
    recipients(3)
    broadcast = BroadcastFactory()

    with pytest.raises(exceptions.ConfirmationNeeded, match="3 people"):
        services.start(broadcast, confirmed=confirmed, actor=None)
    assert fresh(broadcast).status == Status.DRAFT
    services.start(broadcast, confirmed=3, actor=None)
    assert fresh(broadcast).status == Status.SENDING


@pytest.mark.parametrize(
    ("values", "kinds", "error"),
    [
        ({"message_text": " "}, [], exceptions.NothingToSay),
        ({"message_text": "x", "message_type": "photo"}, [], exceptions.NothingToSay),
        ({"message_type": "photo"}, ["photo", "photo"], exceptions.WrongMedia),
        ({"message_type": "photo"}, ["video"], exceptions.WrongMedia),
        ({"message_type": "album"}, ["photo"], exceptions.WrongMedia),
        ({"message_type": "text"}, ["photo"], exceptions.WrongMedia),
        (
            {"message_type": "album", "buttons": [[{"text": "a", "url": "https://e.org"}]]},
            ["photo", "photo"],
            exceptions.WrongMedia,
        ),
        ({"message_text": "<b>open"}, [], ValidationError),
        ({"message_text": "x" * 2000, "message_type": "photo"}, ["photo"], ValidationError),
    ],
)
def test_what_telegram_would_refuse_does_not_start(values, kinds, error):
    recipient()
    broadcast = BroadcastFactory(**values)
    for position, kind in enumerate(kinds):
        media(broadcast, kind, position)

    with pytest.raises(error):
        services.start(broadcast, actor=None)
    assert fresh(broadcast).status == Status.DRAFT
    assert not Message.objects.exists()


def test_files_are_handed_to_the_sender_once():
    recipients(2)
    broadcast = BroadcastFactory(message_type="album", message_text="")
    media(broadcast, "photo", 0)
    media(broadcast, "video", 1)

    services.start(broadcast, actor=None)
    fan_out.advance(broadcast.pk)

    files = set(OutgoingFile.objects.values_list("pk", flat=True))
    assert len(files) == 2
    for copy in ledger.copies(broadcast):
        assert [item["kind"] for item in copy.payload["album"]] == ["photo", "video"]
        assert {item["file"] for item in copy.payload["album"]} == {str(key) for key in files}


@pytest.mark.parametrize(
    ("audience", "names"),
    [("all", {"p", "s", "a", "o"}), ("subscriber", {"s"}), ("admin", {"a", "o"}), ("segment", {"s"})],
)
def test_audiences(audience, names):
    for name, role in zip("psao", Role, strict=True):
        recipient(first_name=name, role=role, language_code="ru" if name == "s" else "en")
    segment = SegmentFactory(conditions={"language": "ru"})
    broadcast = BroadcastFactory(target_audience=audience, segment=segment if audience == "segment" else None)

    services.start(broadcast, actor=None)
    segment.conditions = {}
    segment.save()  # the choice was copied at the start
    fan_out.advance(broadcast.pk)

    assert {copy.person.first_name for copy in ledger.copies(broadcast)} == names


# ── Trying it, copying it ─────────────────────────────────────────────────────────────────────────────────


def test_one_can_send_it_to_oneself_first_and_it_never_counts():
    me, _other = recipient(first_name="Me"), recipient()
    broadcast = BroadcastFactory()

    services.send_to_me(broadcast, actor=me)
    services.send_to_me(broadcast, actor=me)

    previews = Message.objects.all()
    assert {(row.person, row.text, row.priority) for row in previews} == {(me, "Hello, Me!", Priority.ANSWER)}
    assert previews.count() == 2
    assert not ledger.copies(broadcast).exists()
    services.start(broadcast, actor=me)
    fan_out.advance(broadcast.pk)
    assert ledger.copies(broadcast).count() == 2


@pytest.mark.parametrize("actor", [None, "stranger"])
def test_without_a_chat_there_is_no_preview(actor):
    with pytest.raises(exceptions.CannotReachYou):
        services.send_to_me(BroadcastFactory(), actor=TelegramUserFactory() if actor else None)
    assert not Message.objects.exists()


def test_a_copy_is_a_draft_of_its_own():
    recipient()
    broadcast = BroadcastFactory(message_type="photo")
    media(broadcast)
    services.start(broadcast, actor=None)

    made = services.copy(broadcast, actor=None)

    assert made.pk != broadcast.pk
    assert fresh(made).status == Status.DRAFT
    assert (made.message_text, made.media.get().outgoing_file) == (broadcast.message_text, None)


# ── The schedule ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_scheduled_broadcast_starts_when_it_is_due_and_not_before(monkeypatch):
    recipient()
    broadcast = BroadcastFactory()
    moment = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, moment, actor=None)

    start_due()
    assert fresh(broadcast).status == Status.SCHEDULED
    monkeypatch.setattr(timezone, "now", lambda: moment + timedelta(minutes=5))
    start_due()
    assert fresh(broadcast).status == Status.SENDING


def test_one_that_was_due_while_everything_was_down_asks_first(monkeypatch):
    recipient()
    broadcast = BroadcastFactory()
    moment = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, moment, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: moment + timedelta(minutes=16))

    start_due()
    start_due()

    row = fresh(broadcast)
    assert (row.status, row.needs_confirmation) == (Status.SCHEDULED, True)
    assert not Message.objects.exists()
    services.start(broadcast, actor=None)
    assert (fresh(broadcast).status, fresh(broadcast).needs_confirmation) == (Status.SENDING, False)


def test_in_everybodys_own_time_the_first_time_zone_counts(monkeypatch):
    east = recipient(timezone="Pacific/Kiritimati")  # UTC+14
    here = recipient()
    broadcast = BroadcastFactory()
    moment = timezone.now() + timedelta(hours=20)
    services.schedule(broadcast, moment, is_local_time=True, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: moment - timedelta(hours=13))

    start_due()
    fan_out.advance(broadcast.pk)

    assert [copy.person for copy in ledger.copies(broadcast)] == [east]
    assert [row.person for row in broadcast.postponements.all()] == [here]


def test_the_past_is_no_time_for_a_schedule():
    recipient()
    broadcast = BroadcastFactory()
    with pytest.raises(exceptions.TimeIsPast):
        services.schedule(broadcast, timezone.now() - timedelta(seconds=1), actor=None)
    assert fresh(broadcast).status == Status.DRAFT


@pytest.mark.parametrize("moment", [datetime(9999, 12, 31, 23, 59, tzinfo=UTC), None])
def test_nobody_plans_for_more_than_five_years(moment):
    recipient()
    broadcast = BroadcastFactory()
    with pytest.raises(exceptions.TimeIsTooFar):
        services.schedule(broadcast, moment or timezone.now() + timedelta(days=5 * 367), actor=None)
    assert fresh(broadcast).status == Status.DRAFT
    services.schedule(broadcast, timezone.now() + timedelta(days=5 * 365), actor=None)


def test_an_unscheduled_one_does_not_start(monkeypatch):
    recipient()
    broadcast = BroadcastFactory()
    moment = timezone.now() + timedelta(hours=1)
    services.schedule(broadcast, moment, actor=None)
    services.unschedule(broadcast, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: moment)

    start_due()

    assert fresh(broadcast).status == Status.DRAFT


# ── While it runs ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (services.pause, exceptions.NotSending),
        (services.resume, exceptions.NotPaused),
    ],
)
def test_what_does_not_run_is_neither_paused_nor_resumed(act, error):
    broadcast = BroadcastFactory()
    with pytest.raises(error):
        act(broadcast, actor=None)
    assert fresh(broadcast).status == Status.DRAFT


def test_what_is_over_is_not_cancelled():
    broadcast = BroadcastFactory(status=Status.SENT)
    with pytest.raises(exceptions.AlreadyOver):
        services.cancel(broadcast, actor=None)


def test_a_draft_can_be_cancelled():
    broadcast = BroadcastFactory()
    services.cancel(broadcast, actor=None)
    with pytest.raises(exceptions.NotADraft):
        services.start(broadcast, actor=None)


# ── People who leave ──────────────────────────────────────────────────────────────────────────────────────


def test_who_opts_out_gets_nothing_more_and_counts_for_the_last_one():
    leaver, other = recipient(), recipient()
    first, second = BroadcastFactory(), BroadcastFactory()
    for broadcast in (first, second):
        services.start(broadcast, actor=None)
        fan_out.advance(broadcast.pk)
    ledger.copies(first).filter(person=leaver).update(status=Message.Status.SENT)

    opt_out(leaver, actor=leaver)
    opt_out(leaver, actor=leaver)

    assert ledger.copies(second).get(person=leaver).status == Message.Status.CANCELLED
    assert ledger.copies(second).get(person=other).status == Message.Status.QUEUED
    assert [(row.broadcast, row.person) for row in BroadcastOptOut.objects.all()] == [(first, leaver)]
    ledger.count(first)
    assert fresh(first).opt_outs_count == 1


def test_who_opts_out_long_after_counts_for_none():
    leaver = recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    fan_out.advance(broadcast.pk)
    ledger.copies(broadcast).update(
        status=Message.Status.SENT, timestamp=timezone.now() - timedelta(hours=25)
    )

    opt_out(leaver, actor=leaver)

    assert not BroadcastOptOut.objects.exists()
