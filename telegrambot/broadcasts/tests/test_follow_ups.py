"""What can still be done about copies that were sent: another try, taking back, correcting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.services import opt_out
from telegrambot.broadcasts import amendments, exceptions, fan_out, follow_ups, ledger, pacing, services
from telegrambot.broadcasts.models import Broadcast, FollowUp
from telegrambot.broadcasts.rounds import amend_copies, hold_back
from telegrambot.broadcasts.tests.factories import BroadcastFactory, recipient, recipients
from telegrambot.broadcasts.tests.test_services import media
from telegrambot.engine import services as engine_services
from telegrambot.engine.models import Message, OutgoingFile, Priority

pytestmark = pytest.mark.django_db

Status = Broadcast.Status


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def copy_of(broadcast, person):
    return ledger.copies(broadcast).get(person=person)


def arrive(broadcast, *people, status=Message.Status.SENT, **values):
    """Let queued copies (of these people, or all) end like this."""
    chosen = ledger.copies(broadcast).filter(status=Message.Status.QUEUED)
    for copy in chosen.filter(person__in=people) if people else chosen:
        copy.status, copy.external_message_id = status, str(1000 + copy.pk) if status == "sent" else ""
        for name, value in values.items():
            setattr(copy, name, value)
        copy.save()


def run(broadcast):
    while fan_out.advance(broadcast.pk):
        pass
    broadcast.refresh_from_db()


def over(people=0, **values):
    """A broadcast that everybody got."""
    recipients(people)
    broadcast = BroadcastFactory(**values)
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast)
    run(broadcast)
    return broadcast


def made(kind):
    return Message.objects.filter(origin__startswith=f"{kind}:").order_by("pk")


# ── Another try ───────────────────────────────────────────────────────────────────────────────────────────


def test_who_failed_gets_another_try_and_everybody_counts_once():
    fine, broken = recipients(2)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, fine)
    arrive(broadcast, broken, status=Message.Status.FAILED, error="Bad Request: chat not found")
    run(broadcast)
    assert (broadcast.status, broadcast.recipients_count, broadcast.failed_count) == (Status.SENT, 1, 1)

    assert follow_ups.retry_failed(broadcast, actor=None) == 1
    assert broadcast.status == Status.SENDING
    with pytest.raises(exceptions.NothingToRetry):  # twice is once
        follow_ups.retry_failed(broadcast, actor=None)
    run(broadcast)
    assert copy_of(broadcast, broken).status == Message.Status.QUEUED
    assert copy_of(broadcast, fine).status == Message.Status.SENT
    arrive(broadcast)
    run(broadcast)

    assert (broadcast.status, broadcast.recipients_count, broadcast.failed_count) == (Status.SENT, 2, 0)
    assert ledger.copies(broadcast).count() == 2


@pytest.mark.parametrize(
    "closed", [{"blocked_at": timezone.now()}, {"opted_out_at": timezone.now()}, {"is_active": False}]
)
def test_who_must_not_get_it_gets_no_other_try(closed):
    person = recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, status=Message.Status.FAILED, error="Forbidden: bot was blocked by the user")
    run(broadcast)
    TelegramUser.objects.filter(pk=person.pk).update(**closed)

    with pytest.raises(exceptions.NothingToRetry):
        follow_ups.retry_failed(broadcast, actor=None)
    assert copy_of(broadcast, person).status == Message.Status.FAILED
    assert fresh(broadcast).status == Status.FAILED


def test_what_may_have_arrived_is_not_sent_again():
    person = recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, status=Message.Status.UNCERTAIN)
    run(broadcast)

    with pytest.raises(exceptions.NothingToRetry):
        follow_ups.retry_failed(broadcast, actor=None)
    assert copy_of(broadcast, person).status == Message.Status.UNCERTAIN


def test_another_try_brings_what_the_broadcast_says_now_and_its_files():
    person = recipient()
    broadcast = BroadcastFactory(message_type="photo", message_text="Old")
    media(broadcast)
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, status=Message.Status.FAILED)
    run(broadcast)
    OutgoingFile.objects.all().delete()
    Broadcast.objects.update(message_text="New")

    follow_ups.retry_failed(broadcast, actor=None)
    run(broadcast)

    copy = copy_of(broadcast, person)
    assert (copy.text, copy.attempts) == ("New", 0)
    assert OutgoingFile.objects.filter(pk=copy.payload["media"]["file"]).exists()


def test_what_an_operator_sent_again_alone_counts_by_what_became_of_it():
    lost, doubtful = recipients(2)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, lost, status=Message.Status.FAILED, error="Bad Request: x")
    arrive(broadcast, doubtful, status=Message.Status.UNCERTAIN)
    run(broadcast)

    engine_services.send_again(ledger.copies(broadcast).values_list("pk", flat=True), actor=None)
    arrive(broadcast)
    ledger.count(broadcast)

    assert (broadcast.recipients_count, broadcast.failed_count, broadcast.uncertain_count) == (2, 0, 0)
    progress = ledger.progress(broadcast)
    assert (progress.received, progress.failed, progress.uncertain, progress.waiting) == (2, 0, 0, 0)
    assert ledger.reasons(broadcast) == []
    with pytest.raises(exceptions.NothingToRetry):
        follow_ups.retry_failed(broadcast, actor=None)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SCHEDULED])
def test_what_has_not_started_has_nothing_to_follow_up(status):
    broadcast = BroadcastFactory(status=status, scheduled_at=timezone.now())
    for act in (
        lambda: follow_ups.retry_failed(broadcast, actor=None),
        lambda: follow_ups.recall(broadcast, actor=None),
        lambda: follow_ups.correct(broadcast, "x", actor=None),
    ):
        with pytest.raises(exceptions.NotStarted):
            act()


def test_what_was_cancelled_is_not_retried():
    recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, status=Message.Status.FAILED)
    services.cancel(broadcast, actor=None)

    with pytest.raises(exceptions.NothingToRetry):
        follow_ups.retry_failed(broadcast, actor=None)
    assert fresh(broadcast).status == Status.CANCELLED


def test_another_try_while_it_is_paused_waits_for_the_end_of_the_pause():
    broken, _waiting = recipients(2)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, broken, status=Message.Status.FAILED)
    services.pause(broadcast, actor=None)

    follow_ups.retry_failed(broadcast, actor=None)
    assert broadcast.status == Status.PAUSED
    assert not ledger.copies(broadcast).filter(person=broken).exists()
    services.resume(broadcast, actor=None)
    run(broadcast)

    assert copy_of(broadcast, broken).status == Message.Status.QUEUED


# ── Taking back ───────────────────────────────────────────────────────────────────────────────────────────


def test_taking_back_deletes_what_is_young_enough_once():
    young, old, lost = recipients(3)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, young)
    arrive(broadcast, old, timestamp=timezone.now() - timedelta(hours=49))
    arrive(broadcast, lost, status=Message.Status.FAILED)
    run(broadcast)

    assert follow_ups.recall(broadcast, actor=young) == 1
    with pytest.raises(exceptions.AlreadyRecalled):
        follow_ups.recall(broadcast, actor=None)
    amend_copies()
    amend_copies()

    deletion = made("recall").get()
    assert (deletion.operation, deletion.target, deletion.dialog.person) == (
        "delete",
        copy_of(broadcast, young),
        young,
    )
    assert (deletion.priority, deletion.status, deletion.origin) == (
        Priority.BROADCAST,
        "queued",
        f"recall:{broadcast.pk}",
    )
    follow_up = FollowUp.objects.get()
    assert follow_up.finished_at is not None
    assert follow_up.created_by == young
    assert fresh(broadcast).status == Status.SENT


def test_taking_back_goes_chunk_by_chunk_no_further_than_the_sender_needs(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 2)
    broadcast = over(7)
    monkeypatch.setattr(pacing, "_ahead", lambda: 4)

    follow_ups.recall(broadcast, actor=None)
    while amendments.advance_all():
        pass
    assert made("recall").count() == 4
    assert FollowUp.objects.get().finished_at is None
    while FollowUp.objects.get().finished_at is None:
        made("recall").update(status=Message.Status.SENT)
        amendments.advance_all()

    assert made("recall").count() == 7
    assert ledger.follow_ups(broadcast)[0].done >= 6


def test_taking_back_what_runs_cancels_it_and_waits_for_what_is_on_its_way():
    got, on_its_way, waiting = recipients(3)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, got)
    ledger.copies(broadcast).filter(person=on_its_way).update(status=Message.Status.SENDING)

    follow_ups.recall(broadcast, actor=None)
    assert broadcast.status == Status.CANCELLED
    assert copy_of(broadcast, waiting).status == Message.Status.CANCELLED
    amend_copies()
    assert not made("recall").exists()
    ledger.copies(broadcast).filter(person=on_its_way).update(
        status=Message.Status.SENT, external_message_id="5", timestamp=timezone.now()
    )
    amend_copies()

    assert {deletion.dialog.person for deletion in made("recall")} == {got, on_its_way}


def test_a_copy_that_comes_back_while_it_is_taken_back_never_leaves():
    person = recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    ledger.copies(broadcast).update(status=Message.Status.SENDING)

    follow_ups.recall(broadcast, actor=None)
    ledger.copies(broadcast).update(status=Message.Status.QUEUED)  # 429
    hold_back()
    amend_copies()

    assert copy_of(broadcast, person).status == Message.Status.CANCELLED
    assert not made("recall").exists()
    assert FollowUp.objects.get().finished_at is not None


def test_after_48_hours_nothing_can_be_taken_back():
    broadcast = over(2)
    ledger.copies(broadcast).update(timestamp=timezone.now() - timedelta(hours=48, minutes=1))

    with pytest.raises(exceptions.TooOldToRecall):
        follow_ups.recall(broadcast, actor=None)
    assert not FollowUp.objects.exists()


def test_what_nobody_got_cannot_be_taken_back():
    recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)

    with pytest.raises(exceptions.NotStarted):
        follow_ups.recall(broadcast, actor=None)
    assert fresh(broadcast).status == Status.SENDING


def test_what_was_taken_back_is_neither_corrected_nor_retried():
    broadcast = over(1)
    follow_ups.recall(broadcast, actor=None)

    with pytest.raises(exceptions.AlreadyRecalled):
        follow_ups.correct(broadcast, "x", actor=None)
    with pytest.raises(exceptions.AlreadyRecalled):
        follow_ups.retry_failed(broadcast, actor=None)


def test_a_round_of_taking_back_takes_the_same_queries_for_any_audience(django_assert_max_num_queries):
    broadcast = over(20)
    follow_ups.recall(broadcast, actor=None)

    with django_assert_max_num_queries(12):
        amendments.advance_all()
    assert made("recall").count() == 20


@pytest.mark.django_db(transaction=True)
def test_many_processes_and_operators_at_once_delete_each_copy_once(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 5)
    broadcast = over(30)

    def work(_):
        try:
            try:
                follow_ups.recall(fresh(broadcast), actor=None)
            except exceptions.AlreadyRecalled:
                outcome = "refused"
            else:
                outcome = "recalled"
            for _round in range(20):
                amendments.advance_all()
            return outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(work, range(4)))
    while amendments.advance_all():
        pass

    assert outcomes == ["recalled", *["refused"] * 3]
    assert made("recall").count() == 30
    assert len(set(made("recall").values_list("target", flat=True))) == 30
    assert FollowUp.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_four_operators_retry_at_once_and_everybody_has_one_copy():
    people = recipients(20)
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, status=Message.Status.FAILED)
    run(broadcast)

    def work(_):
        try:
            return follow_ups.retry_failed(fresh(broadcast), actor=None)
        except exceptions.NothingToRetry:
            return 0
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))
    run(broadcast)

    assert sum(counts) == 20
    assert ledger.copies(broadcast).count() == len(people)


# ── Correcting ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_edits_what_people_have():
    ann, lost = recipient(first_name="<Ann>"), recipient(first_name="Bo")
    buttons = [[{"text": "Help", "command": "help"}]]
    broadcast = BroadcastFactory(message_text="Helo", buttons=buttons)
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, ann)
    arrive(broadcast, lost, status=Message.Status.FAILED)
    run(broadcast)

    assert follow_ups.correct(broadcast, "Hello, {first_name}", actor=ann) == 1
    with pytest.raises(exceptions.NothingChanged):
        follow_ups.correct(broadcast, "Hello, {first_name}", actor=None)
    amend_copies()
    amend_copies()

    edit = made("correct").get()
    assert (edit.operation, edit.target, edit.text) == (
        "edit",
        copy_of(broadcast, ann),
        "Hello, &lt;Ann&gt;",
    )
    assert edit.payload == {"buttons": [[{"text": "Help", "data": f"broadcasts.click:{broadcast.pk}:0"}]]}
    assert (edit.priority, edit.dedupe_key) == (
        Priority.BROADCAST,
        f"correct:{broadcast.pk}:1:{edit.target_id}",
    )
    assert fresh(broadcast).message_text == "Hello, {first_name}"
    assert ledger.follow_ups(broadcast) == [ledger.FollowUpProgress("correct", 0, 0, 1)]


def test_the_last_correction_counts():
    broadcast = over(3)
    follow_ups.correct(broadcast, "second", actor=None)
    amend_copies()
    follow_ups.correct(broadcast, "third", actor=None)
    amend_copies()

    assert sorted(made("correct").values_list("text", "status")) == [
        ("second", "cancelled"),
        ("second", "cancelled"),
        ("second", "cancelled"),
        ("third", "queued"),
        ("third", "queued"),
        ("third", "queued"),
    ]
    follow_ups.recall(broadcast, actor=None)
    assert set(made("correct").values_list("status", flat=True)) == {"cancelled"}


def test_a_correction_goes_chunk_by_chunk(monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK", 2)
    broadcast = over(5)
    follow_ups.correct(broadcast, "new", actor=None)
    while amendments.advance_all():
        pass
    assert made("correct").count() == 5
    assert FollowUp.objects.get().finished_at is not None


def test_what_waits_during_a_pause_says_the_new_text_from_the_start():
    got, on_its_way, waiting = recipients(3)
    broadcast = BroadcastFactory(message_text="old")
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast, got)
    ledger.copies(broadcast).filter(person=on_its_way).update(status=Message.Status.SENDING)
    with pytest.raises(exceptions.PauseFirst):
        follow_ups.correct(broadcast, "new", actor=None)
    services.pause(broadcast, actor=None)

    follow_ups.correct(broadcast, "new", actor=None)
    amend_copies()
    with pytest.raises(exceptions.StillCorrecting):
        services.resume(broadcast, actor=None)
    ledger.copies(broadcast).filter(person=on_its_way).update(
        status=Message.Status.SENT, external_message_id="9"
    )
    amend_copies()
    assert {edit.dialog.person for edit in made("correct")} == {got, on_its_way}
    services.resume(broadcast, actor=None)
    run(broadcast)
    amend_copies()

    assert copy_of(broadcast, waiting).text == "new"
    assert copy_of(broadcast, waiting).status == Message.Status.QUEUED
    assert made("correct").count() == 2
    arrive(broadcast)
    run(broadcast)
    assert (broadcast.status, broadcast.recipients_count) == (Status.SENT, 3)


@pytest.mark.parametrize(
    ("text", "error"),
    [("<b>open", ValidationError), ("x" * 5000, ValidationError), (" ", exceptions.NothingToSay)],
)
def test_what_telegram_would_refuse_corrects_nothing(text, error):
    broadcast = over(1, message_text="right")
    with pytest.raises(error):
        follow_ups.correct(broadcast, text, actor=None)
    assert fresh(broadcast).message_text == "right"
    assert not FollowUp.objects.exists()


def test_what_nobody_got_cannot_be_corrected():
    recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    services.cancel(broadcast, actor=None)

    with pytest.raises(exceptions.NotStarted):
        follow_ups.correct(broadcast, "x", actor=None)


def test_the_caption_of_a_photo_may_go():
    recipient()
    broadcast = BroadcastFactory(message_type="photo", message_text="old")
    media(broadcast)
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast)
    run(broadcast)

    follow_ups.correct(broadcast, "", actor=None)
    amend_copies()

    edit = made("correct").get()
    assert (edit.text, edit.message_type, edit.payload) == ("", "photo", {})


def test_an_opt_out_leaves_what_takes_back_alone():
    person = recipient()
    broadcast = BroadcastFactory()
    services.start(broadcast, actor=None)
    run(broadcast)
    arrive(broadcast)
    run(broadcast)
    follow_ups.recall(broadcast, actor=None)
    amend_copies()
    opt_out(person, actor=person)

    assert made("recall").get().status == "queued"
