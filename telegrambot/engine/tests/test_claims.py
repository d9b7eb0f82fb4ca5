"""What may leave now, in which order, how fast; and that nothing leaves twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from telegrambot.engine import claims
from telegrambot.engine.claims import Claim, claim, exchange, release
from telegrambot.engine.models import Message, Priority, RateBucket
from telegrambot.engine.settlement import Outcome, expire, settle
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory

A_MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _unlimited(settings):
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 0
    settings.MESSAGES_PER_MINUTE_IN_GROUP = 0


def queued(**values: Any) -> Any:
    return MessageFactory(status=Message.Status.QUEUED, **values)


def keys(limit: int = 10) -> list[int]:
    return [found.message_id for found in claim(limit)[0]]


def sent(found: Claim) -> Outcome:
    return Outcome(found.message_id, found.token, found.dialog_id, "sent", external_message_id="1")


def fill(messages: int, chats: int, *, priority: int = 0) -> None:
    """Queue many messages, in turn for each of new chats."""
    first = DialogFactory.create_batch(chats)[0].pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_message (dialog_id, direction, text, priority)"
            " SELECT %s + place %% %s, 'outbound', place::text, %s"
            " FROM generate_series(0, %s - 1) AS number(place) ORDER BY number.place",
            [first, chats, priority, messages],
        )


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    def unit() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result(60) for future in [pool.submit(unit) for _ in range(count)]]


# Order


@pytest.mark.django_db
def test_priority_goes_first_then_age() -> None:
    broadcast, notice = queued(priority=Priority.BROADCAST), queued(priority=Priority.NOTICE)
    reply, answer, younger = queued(priority=Priority.APPROVED_REPLY), queued(), queued()
    assert keys(3) == [answer.pk, younger.pk, reply.pk]
    assert keys(3) == [notice.pk, broadcast.pk]


@pytest.mark.django_db
def test_one_in_flight_per_chat_and_its_parts_in_order() -> None:
    dialog = DialogFactory()
    parts = [queued(dialog=dialog).pk for _ in range(3)]
    seen = []
    for _ in parts:
        (found,), _pause = claim(10)
        assert claim(10)[0] == []
        seen.append(found.message_id)
        settle([sent(found)])
    assert seen == parts


@pytest.mark.django_db
def test_a_later_message_does_not_overtake_one_that_waits_for_a_retry() -> None:
    dialog = DialogFactory()
    queued(dialog=dialog, not_before=timezone.now() + A_MINUTE)
    queued(dialog=dialog)
    other = queued()
    assert keys() == [other.pk]


@pytest.mark.django_db
def test_a_waiting_answer_does_not_hold_up_a_broadcast_of_its_chat() -> None:
    dialog = DialogFactory()
    queued(dialog=dialog, not_before=timezone.now() + A_MINUTE)
    broadcast = queued(dialog=dialog, priority=Priority.BROADCAST)
    assert keys() == [broadcast.pk]


@pytest.mark.django_db
def test_a_notice_held_by_quiet_hours_holds_up_no_report() -> None:
    dialog = DialogFactory()
    queued(dialog=dialog, priority=Priority.NOTICE, not_before=timezone.now() + A_MINUTE)
    report = queued(dialog=dialog, priority=Priority.REPORT)
    assert keys() == [report.pk]


@pytest.mark.django_db
def test_an_answer_goes_before_an_older_broadcast_of_its_chat() -> None:
    dialog = DialogFactory()
    queued(dialog=dialog, priority=Priority.BROADCAST)
    answer = queued(dialog=dialog)
    assert keys() == [answer.pk]


@pytest.mark.django_db
def test_what_is_held_back_is_neither_sent_nor_in_the_way() -> None:
    dialog = DialogFactory()
    held = queued(dialog=dialog, not_before=None)
    later = queued(dialog=dialog)
    (found,), _ = claim(10)
    assert found.message_id == later.pk
    settle([sent(found)])
    assert keys() == []
    Message.objects.filter(pk=held.pk).update(not_before=timezone.now())
    assert keys() == [held.pk]


@pytest.mark.django_db
def test_settled_and_inbound_messages_are_not_claimed() -> None:
    for status in Message.Status:
        if status not in {Message.Status.QUEUED, Message.Status.SENDING}:
            MessageFactory(status=status)
    assert keys() == []


@pytest.mark.django_db
def test_a_claim_carries_what_delivering_takes() -> None:
    target = MessageFactory(external_message_id="7", message_type="photo")
    message = queued(dialog=target.dialog, operation="edit", target=target, text="t", payload={"buttons": []})
    (found,), pause = claim(10)
    assert pause == 0
    assert (found.message_id, found.operation, found.text, found.payload) == (
        message.pk,
        "edit",
        "t",
        {"buttons": []},
    )
    assert (found.target_id, found.target_type, found.attempts) == (7, "photo", 1)
    assert str(found.chat_id) == target.dialog.telegram_dialog_id
    message.refresh_from_db()
    assert (message.status, message.claim_token) == ("sending", found.token)
    assert message.lease_until > timezone.now()


# What is left behind


@pytest.mark.django_db
def test_an_answer_that_waited_too_long_fails_instead_of_being_sent() -> None:
    late = queued(expires_at=timezone.now() - timedelta(seconds=1))
    held = queued(expires_at=timezone.now() - timedelta(seconds=1), not_before=None)
    fresh = queued(expires_at=timezone.now() + A_MINUTE)
    assert keys() == [fresh.pk]
    expire()
    late.refresh_from_db()
    held.refresh_from_db()
    assert (late.status, bool(late.error)) == ("failed", True)
    assert held.status == "queued"


@pytest.mark.django_db
def test_after_its_lease_a_send_is_uncertain_and_an_edit_is_queued_again() -> None:
    target = MessageFactory(external_message_id="7")
    edit = queued(dialog=target.dialog, operation="edit", target=target)
    send, alive = queued(), queued()
    assert len(keys()) == 3
    Message.objects.exclude(pk=alive.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    expire()
    for message in (edit, send, alive):
        message.refresh_from_db()
    assert (edit.status, send.status, alive.status) == ("queued", "uncertain", "sending")
    assert send.error
    assert send.claim_token is not None
    assert keys() == [edit.pk]


@pytest.mark.django_db
def test_claims_that_nobody_learned_of_are_given_back_without_costing_a_try() -> None:
    message, other = queued(), queued()
    (found,), _ = claim(1)
    (kept,), _ = claim(1)
    release([found.token])
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.status, message.attempts, message.claim_token) == ("queued", 0, None)
    assert (other.status, other.claim_token) == ("sending", kept.token)


@pytest.mark.django_db
def test_the_database_itself_refuses_two_in_flight_in_one_chat() -> None:
    dialog = DialogFactory()
    MessageFactory(dialog=dialog, status="sending")
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(dialog=dialog, status="sending")


# Several senders


@pytest.mark.django_db(transaction=True)
def test_four_senders_claim_nothing_twice_and_keep_every_chat_in_order() -> None:
    fill(messages=400, chats=20)
    seen: list[Claim] = []
    flying: Counter[int] = Counter()
    lock = threading.Lock()

    def sender() -> None:
        while True:
            found, _ = claim(7)
            with lock:
                flying.update(claim.dialog_id for claim in found)
                assert all(count == 1 for count in flying.values()), "two in flight in one chat"
                seen.extend(found)
            if not found and not Message.objects.filter(status__in=["queued", "sending"]).exists():
                return
            time.sleep(0.001)
            with lock:
                for each in found:
                    del flying[each.dialog_id]
            settle([sent(each) for each in found])

    in_threads(4, sender)
    assert len({found.message_id for found in seen}) == len(seen) == 400
    by_chat: dict[int, list[int]] = {}
    for found in seen:
        by_chat.setdefault(found.dialog_id, []).append(int(found.text))
    assert {
        chat: texts for chat, texts in by_chat.items() if texts != sorted(texts) or len(texts) != 20
    } == {}


@pytest.mark.django_db(transaction=True)
def test_a_message_that_an_operator_takes_back_is_neither_waited_for_nor_sent() -> None:
    message, other = queued(), queued()
    dialog_mate = queued(dialog=message.dialog)
    with transaction.atomic():
        Message.objects.filter(pk=message.pk).update(status="cancelled")
        (claimed,) = in_threads(1, lambda: keys())
        assert claimed == [other.pk]
    assert keys() == [dialog_mate.pk]


# Budget


@pytest.mark.django_db(transaction=True)
def test_two_senders_together_keep_to_the_overall_rate(settings) -> None:
    settings.MESSAGES_PER_SECOND = 30
    fill(messages=300, chats=300)
    ends = time.monotonic() + 2.0

    def sender() -> int:
        count = 0
        while time.monotonic() < ends:
            found, pause = claim(64)
            count += len(found)
            settle([sent(each) for each in found])
            time.sleep(min(pause, 0.05))
        return count

    total = sum(in_threads(2, sender))
    assert 45 <= total <= 30 * 2.1 + 4


@pytest.mark.django_db
def test_the_pause_tells_when_the_budget_has_room_again(settings) -> None:
    settings.MESSAGES_PER_SECOND = 10
    for _ in range(5):
        queued()
    found, pause = claim(64)
    assert len(found) == 2  # one now, one of the burst
    assert 0 < pause <= 0.1
    found, pause = claim(64)
    assert found == []
    assert 0 < pause <= 0.1
    time.sleep(pause)
    assert len(claim(64)[0]) == 1


def claimed_at(offsets: list[float]) -> list[int]:
    """How many messages may leave at once, and again after every chat's pace moved back by each offset."""
    counts = []
    for offset in offsets:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE engine_dialogpace SET arrival = arrival - make_interval(secs => %s)", [offset]
            )
        count = 0
        while claims_now := claim(10)[0]:
            settle([sent(each) for each in claims_now])
            count += len(claims_now)
        counts.append(count)
    return counts


@pytest.mark.django_db
def test_a_private_chat_gets_a_burst_of_three_then_one_a_second(settings) -> None:
    settings.MESSAGES_PER_SECOND_IN_CHAT = 1
    dialog = DialogFactory()
    for _ in range(10):
        queued(dialog=dialog)
    assert claimed_at([0, 1, 1, 0.5, 0.5]) == [3, 1, 1, 0, 1]


@pytest.mark.django_db
def test_a_group_gets_a_burst_of_five_then_one_every_three_seconds(settings) -> None:
    settings.MESSAGES_PER_MINUTE_IN_GROUP = 20
    group = DialogFactory(type="group", telegram_dialog_id="-5", person=None, title="Group")
    for _ in range(10):
        queued(dialog=group)
    assert claimed_at([0, 1, 2, 3]) == [5, 0, 1, 1]


@pytest.mark.django_db
def test_a_slow_chat_does_not_hold_up_others(settings) -> None:
    settings.MESSAGES_PER_SECOND_IN_CHAT = 1
    slow = DialogFactory()
    for _ in range(5):
        queued(dialog=slow)
    assert claimed_at([0]) == [3]
    other = queued(priority=Priority.BROADCAST)
    assert keys() == [other.pk]


@pytest.mark.django_db
def test_429_pauses_the_whole_chat_for_as_long_as_telegram_said(settings) -> None:
    settings.MESSAGES_PER_SECOND_IN_CHAT = 1
    dialog = DialogFactory()
    queued(dialog=dialog)
    broadcast = queued(dialog=dialog, priority=Priority.BROADCAST)
    (found,), _ = claim(1)
    settle([Outcome(found.message_id, found.token, found.dialog_id, "queued", delay=5, limited=5)])
    # The burst that a chat is allowed must not shorten the pause.
    assert claimed_at([0, 4, 1.1]) == [0, 0, 1]
    broadcast.refresh_from_db()
    assert broadcast.status == "sent"


@pytest.mark.parametrize("rate", [0, 1000])
@pytest.mark.django_db
def test_429_in_three_chats_pauses_all(settings, rate) -> None:
    settings.MESSAGES_PER_SECOND = rate
    for _ in range(4):
        queued()
    for number in range(3):
        assert len(RateBucket.objects.filter(arrival__gt=timezone.now() + timedelta(seconds=2))) == 0
        (found,), _ = claim(1)
        settle(
            [Outcome(found.message_id, found.token, found.dialog_id, "queued", delay=3, limited=3 + number)]
        )
    none, pause = claim(1)
    assert none == []
    assert 4 < pause <= 5


@pytest.mark.django_db
def test_no_budget_means_no_limit_and_no_writing_of_buckets(settings) -> None:
    for _ in range(100):
        queued()
    assert len(keys(100)) == 100
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM engine_dialogpace")
        assert cursor.fetchone() == (0,)


# A deep queue


@pytest.mark.django_db
def test_a_chat_with_twenty_thousand_messages_does_not_slow_the_others_down(settings) -> None:
    settings.MESSAGES_PER_SECOND_IN_CHAT = 1
    fill(messages=20_000, chats=1)
    fill(messages=200, chats=100)
    found = claim(64)[0]
    again = claim(64)[0]  # a plan that looks at each pair would run into the test's timeout
    assert len({each.dialog_id for each in found + again}) == len(found) + len(again) == 101
    assert found[0].text == "0"


@pytest.mark.django_db
def test_chats_behind_a_long_row_of_waiting_messages_are_found(monkeypatch) -> None:
    monkeypatch.setattr(claims, "_WINDOWS", (5, 10, None))
    dialog = DialogFactory()
    for _ in range(12):
        queued(dialog=dialog)
    behind = [queued().pk for _ in range(3)]
    assert keys(10)[1:] == behind
    assert keys(10) == []


@pytest.mark.django_db
def test_outcomes_and_new_claims_share_a_transaction() -> None:
    dialog: Any = DialogFactory()
    first, second = queued(dialog=dialog), queued(dialog=dialog)
    token = queued(not_before=None).dialog.person.pk
    (found,), _ = exchange([], 5, token)
    assert (found.message_id, found.token) == (first.pk, token)
    (found,), _ = exchange([sent(found)], 5, token)
    assert found.message_id == second.pk
    assert exchange([sent(found)], 0, token) == ([], 0.0)
    assert set(Message.objects.filter(dialog=dialog).values_list("status", flat=True)) == {"sent"}
