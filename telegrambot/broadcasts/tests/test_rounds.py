"""What the rounds do besides making copies: take back what must not leave, stop what cannot go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import fan_out, ledger, schedule, services
from telegrambot.broadcasts.models import Broadcast, BroadcastClick, BroadcastMedia, Postponement
from telegrambot.broadcasts.rounds import hold_back, make_copies, start_due
from telegrambot.broadcasts.tasks import count_broadcasts
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_services import media
from telegrambot.engine import outbox
from telegrambot.engine.models import Message, OutgoingFile, Priority

pytestmark = pytest.mark.django_db

Status = Broadcast.Status
NIGHT = "22:00–07:00"


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def started(**values):
    broadcast = BroadcastFactory(**values)
    services.start(broadcast, actor=None)
    while fan_out.advance(broadcast.pk):
        pass
    broadcast.refresh_from_db()
    return broadcast


def notices():
    return Message.objects.filter(priority=Priority.REPORT)


# ── People who must not get it after all ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "closed", [{"blocked_at": timezone.now()}, {"opted_out_at": timezone.now()}, {"is_active": False}]
)
def test_what_is_queued_for_people_who_are_gone_is_cancelled_by_the_next_round(closed):
    gone, stays, too_late = recipients(3)
    broadcast = started()
    ledger.copies(broadcast).filter(person=too_late).update(status=Message.Status.SENDING)
    TelegramUser.objects.filter(pk__in=[gone.pk, too_late.pk]).update(**closed)

    make_copies()

    assert dict(ledger.copies(broadcast).values_list("person", "status")) == {
        gone.pk: "cancelled",
        stays.pk: "queued",
        too_late.pk: "sending",
    }


def test_night_falls_while_copies_wait(monkeypatch):
    evening = datetime(2026, 3, 10, 21, 59, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: evening)
    sleeper, other = recipient(preferences={"quiet_hours": NIGHT}), recipient()
    broadcast = started()
    assert ledger.copies(broadcast).count() == 2

    monkeypatch.setattr(timezone, "now", lambda: evening + timedelta(minutes=2))
    make_copies()

    assert [copy.person for copy in ledger.copies(broadcast)] == [other]
    postponed = Postponement.objects.get()
    assert (postponed.person, postponed.due_at) == (sleeper, datetime(2026, 3, 11, 7, 0, tzinfo=UTC))
    assert ledger.progress(broadcast).waiting == 2
    assert ledger.progress(broadcast).postponed == 1


def test_night_falls_during_a_pause(monkeypatch):
    evening = datetime(2026, 3, 10, 21, 59, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: evening)
    recipient(preferences={"quiet_hours": NIGHT})
    broadcast = started()
    services.pause(broadcast, actor=None)

    monkeypatch.setattr(timezone, "now", lambda: evening + timedelta(hours=1))
    services.resume(broadcast, actor=None)

    assert not ledger.copies(broadcast).exists()
    assert Postponement.objects.count() == 1


def test_preferences_that_nobody_can_read_stop_no_broadcast():
    for values in ({"timezone": "Mars/Olympus"}, {"timezone": "../etc/passwd"}):
        recipient(**values, preferences={"quiet_hours": "00:00–00:01"})
    recipient(preferences={"quiet_hours": "always"})
    broadcast = started()
    assert ledger.copies(broadcast).count() == 3


# ── What cannot go on ─────────────────────────────────────────────────────────────────────────────────────


def test_a_broadcast_whose_people_cannot_be_chosen_any_more_stops_and_says_why():
    recipients(1)
    recipient(role=Role.ADMIN)
    stopped, other = BroadcastFactory(), BroadcastFactory()
    for broadcast in (stopped, other):
        services.start(broadcast, actor=None)
    Broadcast.objects.filter(pk=stopped.pk).update(conditions={"shoe_size": 42})

    make_copies()

    stopped.refresh_from_db()
    assert stopped.status == Status.FAILED
    assert "shoe_size" in stopped.problem
    assert stopped.sent_at is not None
    assert not ledger.copies(stopped).exists()
    assert ledger.copies(other).count() == 2
    assert "It was stopped" in notices().get().text
    assert "shoe_size" in notices().get().text


def test_a_copy_that_comes_back_after_the_stop_is_cancelled():
    recipient()
    broadcast = started()
    ledger.copies(broadcast).update(status=Message.Status.SENDING)
    services.stop(broadcast, "broken")
    ledger.copies(broadcast).update(status=Message.Status.QUEUED)

    hold_back()

    assert ledger.copies(broadcast).get().status == Message.Status.CANCELLED


def test_a_round_that_fails_for_one_goes_on_for_the_others(monkeypatch):
    recipient()
    broken, sound = BroadcastFactory(), BroadcastFactory()
    for broadcast in (broken, sound):
        services.start(broadcast, actor=None)
    real = fan_out.content.payload

    def payload(broadcast):
        if broadcast.pk == broken.pk:
            raise ValueError("a bug")
        return real(broadcast)

    monkeypatch.setattr(fan_out.content, "payload", payload)

    with pytest.raises(ValueError, match="a bug"):
        make_copies()

    assert not ledger.copies(broken).exists()
    assert ledger.copies(sound).count() == 1


# ── Operators are told ────────────────────────────────────────────────────────────────────────────────────


def test_operators_are_told_when_one_is_over(settings):
    settings.TIME_ZONE = "UTC"
    recipient(role=Role.PUBLIC)
    recipient(role=Role.SUBSCRIBER)
    admin, owner = recipient(role=Role.ADMIN, language_code="ru"), recipient(role=Role.OWNER)
    recipient(role=Role.ADMIN, is_active=False)
    recipient(role=Role.ADMIN, blocked_at=timezone.now())
    broadcast = started(title="<News>")
    copies = ledger.copies(broadcast)
    copies.filter(person=admin).update(status=Message.Status.FAILED)
    copies.filter(status="queued").update(status=Message.Status.SENT)

    make_copies()
    make_copies()

    assert {notice.person for notice in notices()} == {admin, owner}
    told = notices().get(person=owner)
    assert told.text == "“&lt;News&gt;” is over: 3 received, 1 failed."
    assert told.payload["buttons"][0][0]["data"] == f"broadcasts.show:{broadcast.pk}"


def test_one_that_was_missed_asks_the_operators(monkeypatch):
    operator = recipient(role=Role.ADMIN, timezone="Asia/Tokyo")
    broadcast = BroadcastFactory(title="News")
    moment = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment - timedelta(hours=1))
    services.schedule(broadcast, moment, actor=None)
    monkeypatch.setattr(timezone, "now", lambda: moment + timedelta(minutes=16))

    start_due()
    start_due()

    notice = notices().get()
    assert notice.person == operator
    assert "15 Mar 2026, 18:00 (Asia/Tokyo)" in notice.text
    assert [button["text"] for button in notice.payload["buttons"][0]] == ["Send now", "Leave it"]
    assert fresh(broadcast).needs_confirmation
    assert not ledger.copies(broadcast).exists()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        ({"message_text": "<b>open"}, "Telegram cannot read this"),
        ({"message_text": " "}, "says nothing yet"),
        ({"segment_conditions": {"shoe_size": 42}}, "shoe_size"),
    ],
)
def test_one_that_cannot_start_says_why_and_holds_up_no_other(monkeypatch, spoil, problem):
    recipient(role=Role.ADMIN)
    segment = SegmentFactory()
    spoilt, sound = BroadcastFactory(target_audience="segment", segment=segment), BroadcastFactory()
    moment = timezone.now() + timedelta(hours=1)
    for broadcast in (spoilt, sound):
        services.schedule(broadcast, moment, actor=None)
    if conditions := spoil.pop("segment_conditions", None):
        type(segment).objects.update(conditions=conditions)
    Broadcast.objects.filter(pk=spoilt.pk).update(**spoil) if spoil else None
    monkeypatch.setattr(timezone, "now", lambda: moment)

    start_due()

    row = fresh(spoilt)
    assert (row.status, row.needs_confirmation) == (Status.SCHEDULED, True)
    assert problem in row.problem
    assert "could not" in notices().get().text
    assert fresh(sound).status == Status.SENDING


@pytest.mark.parametrize("other", [{"target_audience": "all"}, None])
def test_a_draft_again_tells_of_no_problem(monkeypatch, other):
    recipient()
    broadcast = BroadcastFactory(target_audience="admin")
    recipient(role=Role.ADMIN)
    services.schedule(broadcast, timezone.now() + timedelta(hours=1), actor=None)
    Broadcast.objects.update(message_text="")
    moment = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    start_due()
    assert fresh(broadcast).problem

    if other:
        services.change(broadcast, actor=None, **other)
    else:
        services.unschedule(broadcast, actor=None)

    assert (fresh(broadcast).status, fresh(broadcast).problem) == (Status.DRAFT, "")


def test_a_scheduled_one_that_somebody_else_started_is_left_alone():
    recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    assert schedule.start_if_due(broadcast) is False


def test_starting_by_hand_means_now_for_everybody(monkeypatch):
    recipient(timezone="America/New_York")
    broadcast = BroadcastFactory()
    moment = timezone.now() + timedelta(days=3)
    services.schedule(broadcast, moment, is_local_time=True, actor=None)

    services.start(broadcast, actor=None)
    fan_out.advance(broadcast.pk)

    assert ledger.copies(broadcast).count() == 1


def test_the_clock_of_whoever_scheduled_it_counts(monkeypatch):
    """Nine o'clock in Tokyo, chosen by somebody there, of a broadcast that somebody in Berlin wrote."""
    author = recipient(timezone="Europe/Berlin")
    planner = recipient(timezone="Asia/Tokyo")
    broadcast = BroadcastFactory(created_by=author)
    nine_in_tokyo = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: nine_in_tokyo - timedelta(days=2))
    services.schedule(broadcast, nine_in_tokyo, is_local_time=True, actor=planner)
    monkeypatch.setattr(timezone, "now", lambda: nine_in_tokyo)

    start_due()
    fan_out.advance(broadcast.pk)

    assert [copy.person for copy in ledger.copies(broadcast)] == [planner]
    assert Postponement.objects.get().due_at == datetime(2026, 6, 2, 7, 0, tzinfo=UTC)


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_counters_follow_late_outcomes_and_clicks(django_assert_num_queries):
    people = recipients(3)
    broadcast, old = started(), started()
    ledger.copies(broadcast).update(status=Message.Status.UNCERTAIN)
    make_copies()
    assert fresh(broadcast).uncertain_count == 3
    ledger.copies(broadcast).filter(person=people[0]).update(status=Message.Status.SENT)
    for row in (broadcast, old):
        BroadcastClick.objects.create(broadcast=row, person=people[0], button=0)
    Broadcast.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=15))

    with django_assert_num_queries(1):
        count_broadcasts(timestamp=0)

    row = fresh(broadcast)
    assert (row.recipients_count, row.uncertain_count, row.clicks_count) == (1, 2, 1)
    assert fresh(old).clicks_count == 0
    changed_at = row.updated_at
    count_broadcasts(timestamp=0)
    assert fresh(broadcast).updated_at == changed_at


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_stay_until_the_broadcast_is_over():
    recipient()
    broadcast = BroadcastFactory(message_type="photo")
    media(broadcast)
    services.start(broadcast, actor=None)
    make_copies()
    OutgoingFile.objects.update(created_at=timezone.now() - timedelta(days=8))

    assert outbox.forget_files(timedelta(days=7)) == 0
    Broadcast.objects.update(status=Status.SENT)
    assert outbox.forget_files(timedelta(days=7)) == 1


def test_files_that_were_forgotten_come_back_under_the_same_key():
    person = recipient()
    broadcast = BroadcastFactory(message_type="photo")
    media(broadcast)
    services.send_to_me(broadcast, actor=person)
    key = OutgoingFile.objects.get().pk
    OutgoingFile.objects.all().delete()

    services.start(broadcast, actor=None)
    make_copies()

    assert OutgoingFile.objects.get().pk == key


def test_a_broadcast_whose_files_are_gone_stops():
    recipient()
    broadcast = BroadcastFactory(message_type="photo")
    media(broadcast)
    services.start(broadcast, actor=None)
    BroadcastMedia.objects.all().delete()

    make_copies()

    assert fresh(broadcast).status == Status.FAILED
    assert "says nothing" in fresh(broadcast).problem
    assert not ledger.copies(broadcast).exists()


def test_another_content_is_another_file():
    person = recipient()
    broadcast = BroadcastFactory(message_type="photo")
    photo = media(broadcast)
    services.send_to_me(broadcast, actor=person)
    photo = BroadcastMedia.objects.get(pk=photo.pk)
    before = photo.outgoing_file
    photo.position = 3
    photo.save(update_fields=["position"])
    assert fresh(photo).outgoing_file == before
    photo.content = b"other"
    photo.save(update_fields=["content"])

    services.start(broadcast, actor=None)
    make_copies()

    assert fresh(photo).outgoing_file != before
    assert bytes(OutgoingFile.objects.get(pk=fresh(photo).outgoing_file).content) == b"other"
