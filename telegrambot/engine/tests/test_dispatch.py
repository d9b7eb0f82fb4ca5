"""Handling stored updates: exactly once, in order per chat, whatever the views do."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import dispatch, pending
from telegrambot.engine.chat import Button, Reply
from telegrambot.engine.dispatch import Batch
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import Dialog, FailureKind, InboundUpdate, Message, Priority, ProcessedMessage
from telegrambot.engine.pending import AttemptJournal
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.incoming import (
    answers,
    drain,
    drain_together,
    message,
    new_dispatcher,
    own_registry,
    pressed,
    said,
    store,
    together,
    update,
)

real_database = pytest.mark.django_db(transaction=True)
Status = InboundUpdate.Status


@pytest.fixture
def views(monkeypatch):
    catalogue.forget()
    registry = own_registry(monkeypatch)
    registry.phrase(r"echo (?P<what>.*)")(lambda request, what: Reply(what))
    return registry


def befriend(request):
    """An effect that a test can see."""
    TelegramUser.objects.filter(pk=request.person.pk).update(is_friend=True)


def friends() -> set[int]:
    return set(TelegramUser.objects.filter(is_friend=True).values_list("telegram_id", flat=True))


def statuses() -> list[str]:
    return list(InboundUpdate.objects.order_by("pk").values_list("status", flat=True))


def skip_the_wait() -> None:
    InboundUpdate.objects.filter(status=Status.PENDING).update(
        not_before=timezone.now() - timedelta(seconds=1)
    )


# ── Exactly once ──────────────────────────────────────────────────────────────────────────────────────────


@real_database
def test_an_update_is_handled_once_with_its_answer_and_its_mark(views):
    store(said("echo one"))
    assert sum(batch.handled for batch in drain(new_dispatcher())) == 1
    assert drain(new_dispatcher())[0].handled == 0

    assert answers() == ["one"]
    assert statuses() == [Status.DONE]
    assert ProcessedMessage.objects.count() == 1
    answer = Message.objects.get(direction="outbound")
    assert (answer.status, answer.origin) == ("queued", f"update:{InboundUpdate.objects.get().pk}")


@real_database
def test_the_same_message_under_another_number_is_answered_once(views):
    body = message("echo one")
    store(update("message", body))
    drain(new_dispatcher())
    store(update("message", body))
    drain(new_dispatcher())

    assert answers() == ["one"]
    assert statuses() == [Status.DONE, Status.DONE]


@real_database
def test_an_edit_is_closed_unanswered_and_does_not_hide_the_next_message(views):
    first = message("echo one")
    store(
        update("message", first),
        update("edited_message", first | {"text": "echo edited", "edit_date": 5}),
        said("echo two"),
    )
    drain(new_dispatcher())

    assert answers() == ["one", "two"]
    assert ProcessedMessage.objects.count() == 3


@real_database
def test_two_presses_on_one_keyboard_are_two_presses(views):
    def count(request, step: int):
        return Reply(f"step {step}", [[Button("next", count, step + 1)]])

    views.button()(count)
    screen = MessageFactory(
        dialog__person__telegram_id=501,
        external_message_id="77",
        payload={"buttons": [[{"text": "next", "data": Button("x", count, 1).data}]]},
    )
    data = screen.payload["buttons"][0][0]["data"]
    once = pressed(data, screen)
    store(once, pressed(data, screen), update("callback_query", once["callback_query"]))

    batches = drain(new_dispatcher())

    assert answers()[1:] == ["step 1", "step 1"]
    assert len([press for batch in batches for press in batch.presses]) == 2


@real_database
def test_kinds_that_nobody_handles_are_closed(views):
    group = {"chat": {"id": -7, "type": "group", "title": "Team"}}
    store(
        update("next_years_kind", {**group, "message_id": 3}),
        update(
            "message_reaction", {**group, "message_id": 3, "date": 1, "old_reaction": [], "new_reaction": []}
        ),
        update("channel_post", message("echo x", chat={"id": -8, "type": "channel", "title": "News"})),
        said("echo x", **group),
        said("echo x", **{"from": {"id": 9, "is_bot": True, "first_name": "Other bot"}}),
        update("business_message", message("echo x", business_connection_id="abc")),
    )
    drain(new_dispatcher())

    assert statuses() == [Status.DONE] * 6
    assert answers() == []


@real_database
def test_an_update_python_telegram_bot_cannot_read_fails_alone_and_is_told(views):
    store(said("echo before"), said("echo", photo="no photo"), said("echo after", 502))

    drain(new_dispatcher())

    bad = InboundUpdate.objects.get(status=Status.FAILED)
    assert bad.error.startswith("It cannot be read")
    assert (bad.attempts, bad.payload["message"]["photo"]) == (1, "no photo")
    assert statuses().count(Status.DONE) == 2
    assert any("went wrong on our side" in answer for answer in answers())


# ── Order and fairness ────────────────────────────────────────────────────────────────────────────────────


@real_database
def test_two_dispatchers_keep_every_chat_in_order_without_overlap(views):
    running: set[int] = set()
    overlaps: list[int] = []
    guard = threading.Lock()

    def work(request, chat: str, number: str):
        with guard:
            if request.dialog.pk in running:
                overlaps.append(request.dialog.pk)
            running.add(request.dialog.pk)
        time.sleep(0.0005)
        with guard:
            running.discard(request.dialog.pk)
        return Reply(f"{chat} {number}")

    views.phrase(r"do (?P<chat>\d+) (?P<number>\d+)")(work)
    chats = range(900, 925)
    store(*(said(f"do {chat} {number}", chat) for number in range(16) for chat in chats))

    drain_together([new_dispatcher(), new_dispatcher(), new_dispatcher()])

    seen = defaultdict(list)
    for answer in answers():
        chat, number = answer.split()
        seen[chat].append(int(number))
    assert len(seen) == 25
    assert all(numbers == list(range(16)) for numbers in seen.values())
    assert overlaps == []
    assert set(statuses()) == {Status.DONE}
    assert ProcessedMessage.objects.count() == 400


@real_database
def test_a_deep_chat_starves_nobody(views):
    store(*(said(f"echo {number}", 501) for number in range(300)))
    store(*(said("echo me", 600 + number) for number in range(40)))
    dispatcher = new_dispatcher()

    for _ in range(4):
        dispatcher.run_once()
    dispatcher.close()

    assert answers().count("me") == 40
    assert InboundUpdate.objects.filter(status=Status.PENDING).count() > 250


@real_database
def test_nobody_spins_while_another_holds_the_only_chat(views):
    store(said("echo one"))
    with transaction.atomic():
        Dialog.objects.select_for_update(no_key=True).get()
        batches = together(lambda: drain(new_dispatcher()))[0]

    assert len(batches) == 1
    assert not batches[0].has_found_work
    assert statuses() == [Status.PENDING]


@real_database
def test_what_another_is_handling_is_not_taken_for_interrupted(views):
    """Each try is counted at once, for all to see: that alone says nothing about who is at it."""
    begun, may_end = threading.Event(), threading.Event()

    def wait(request):
        begun.set()
        assert may_end.wait(20)
        return Reply("waited")

    views.phrase("wait")(wait)
    store(said("wait", 501), *(said("echo one", 600 + number) for number in range(5)))

    def look_meanwhile() -> tuple[Batch, list[str]]:
        assert begun.wait(20)
        dispatcher = new_dispatcher()
        with CaptureQueriesContext(connection) as queries:
            batch = dispatcher.run_once()
        may_end.set()
        dispatcher.close()
        return batch, [query["sql"] for query in queries]

    _, (batch, statements) = together(lambda: drain(new_dispatcher()), look_meanwhile)

    assert (batch.handled, batch.has_found_work) == (0, False)
    assert not any("advisory" in statement for statement in statements)
    assert len(statements) == 4  # look, begin, lock, commit
    assert sorted(answers()) == ["one"] * 5 + ["waited"]


@real_database
def test_a_suspect_that_has_to_wait_for_another_holds_up_no_other_chat(views):
    store(said("echo interrupted", 501))
    InboundUpdate.objects.update(attempts=1)
    dispatcher = new_dispatcher()

    def work() -> list[int]:
        handled = [sum(batch.handled for batch in drain(dispatcher))]
        store(said("echo new", 502))
        return [*handled, sum(batch.handled for batch in drain(dispatcher))]

    with transaction.atomic():
        assert pending.is_the_only_suspect()
        (handled,) = together(work)

    assert handled == [0, 1]
    assert answers() == ["new"]
    drain(dispatcher)
    assert answers() == ["new", "interrupted"]


@real_database
def test_slow_views_end_a_batch_and_the_rest_is_not_counted_as_tried(views, monkeypatch):
    monkeypatch.setattr(dispatch, "BATCH_SECONDS", 0.02)
    views.phrase("slow")(lambda request: time.sleep(0.03))
    store(*(said("slow", 600 + number) for number in range(4)))
    dispatcher = new_dispatcher()

    assert dispatcher.run_once().handled == 1
    assert list(InboundUpdate.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 0, 0, 0]
    drain(dispatcher)

    assert statuses() == [Status.DONE] * 4
    assert set(InboundUpdate.objects.values_list("attempts", flat=True)) == {1}


@real_database
def test_after_slow_views_a_batch_begins_what_it_can_manage_and_then_more_again(views, monkeypatch):
    monkeypatch.setattr(dispatch, "BATCH_SECONDS", 0.02)
    views.phrase("slow")(lambda request: time.sleep(0.03))
    views.phrase("quick")(lambda request: None)
    begun = []

    class Listing(AttemptJournal):
        def count(self, keys):
            begun.append(len(keys))
            super().count(keys)

    dispatcher = new_dispatcher(Listing())
    store(*(said("slow", 600 + number) for number in range(20)))
    dispatcher.run_once()
    dispatcher.run_once()
    assert begun == [20, 1]

    drain(dispatcher)
    begun.clear()
    store(*(said("quick", 600 + number) for number in range(20)))
    monkeypatch.setattr(dispatch, "BATCH_SECONDS", 60)
    drain(dispatcher)
    assert begun == sorted(begun)
    assert begun[-2] > begun[0]
    assert sum(begun) == 20


# ── Views that fail ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def failing(views):
    """A view that writes and then raises, quoting what the person said."""

    def fail(request):
        befriend(request)
        raise ValueError(request.text)

    views.phrase("fail.*")(fail)
    views.phrase("work")(befriend)
    return views


@real_database
def test_one_poison_update_does_not_harm_its_batch(failing, caplog):
    store(said("work", 501), said("fail with my darkest secret", 502), said("work", 503))

    drain(new_dispatcher())

    assert friends() == {501, 503}
    assert statuses() == [Status.DONE, Status.PENDING, Status.DONE]
    assert list(InboundUpdate.objects.order_by("pk").values_list("attempts", flat=True)) == [1, 1, 1]
    assert "A batch failed (ValueError)" in caplog.text


@real_database
def test_a_failing_update_is_tried_three_times_and_told_once(failing, caplog):
    owner = DialogFactory(person__role=Role.OWNER)
    store(said("fail with my darkest secret"), said("work"))
    dispatcher = new_dispatcher()
    waits = []
    for _ in range(2):
        drain(dispatcher)
        first = InboundUpdate.objects.earliest("pk")
        waits.append(round((first.not_before - timezone.now()).total_seconds()))
        assert first.status == Status.PENDING
        assert friends() == set()  # what it wrote is gone, and the next of the chat waits behind it
        skip_the_wait()
    drain(dispatcher)

    first = InboundUpdate.objects.earliest("pk")
    assert (first.status, first.attempts, waits) == (Status.FAILED, 3, [1, 5])
    assert first.error.startswith("ValueError\n")
    assert " fail\n" in first.error + "\n"
    assert "darkest" not in first.error + caplog.text
    assert friends() == {501}
    told = Message.objects.filter(direction="outbound").exclude(dialog=owner)
    assert ["went wrong on our side" in one.text for one in told] == [True]
    notice = Message.objects.get(dialog=owner)
    assert "ValueError in fail" in notice.text
    assert notice.priority == Priority.REPORT


@real_database
def test_the_owners_are_told_once_per_kind_of_failure(failing):
    failing.phrase("crash")(lambda request: {}["nothing"])
    owner = DialogFactory(person__role=Role.OWNER)
    dispatcher = new_dispatcher()
    store(said("fail", 501), said("fail", 502), said("crash", 503), said("fail", 504))
    for _ in range(3):
        drain(dispatcher)
        skip_the_wait()

    assert statuses() == [Status.FAILED] * 4
    notices = Message.objects.filter(dialog=owner).order_by("pk").values_list("text", flat=True)
    assert ["ValueError in fail" in text for text in notices].count(True) == 1
    assert ["KeyError in &lt;lambda&gt;" in text for text in notices].count(True) == 1
    assert len(notices) == FailureKind.objects.count() == 2


@real_database
def test_a_constraint_checked_at_the_commit_is_the_updates_failure(views):
    def orphan(request):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO engine_message (dialog_id, direction) VALUES (%s, 'outbound')", [10**12]
            )

    views.phrase("orphan")(orphan)
    store(said("orphan", 501), said("echo fine", 502))
    dispatcher = new_dispatcher()
    for _ in range(3):
        drain(dispatcher)
        skip_the_wait()

    assert statuses() == [Status.FAILED, Status.DONE]
    assert "violates foreign key constraint" in InboundUpdate.objects.earliest("pk").error
    assert "fine" in answers()


@real_database
def test_views_that_deadlock_are_both_done_in_the_end(views):
    meet = threading.Barrier(2)

    def cross(request, first: str, second: str):
        TelegramUser.objects.select_for_update().get(telegram_id=first)
        try:
            meet.wait(2)
        except threading.BrokenBarrierError:
            pass  # the second time there is nobody to meet
        TelegramUser.objects.select_for_update().get(telegram_id=second)
        befriend(request)
        return Reply("done")

    TelegramUserFactory(telegram_id=701)
    TelegramUserFactory(telegram_id=702)
    views.phrase(r"cross (?P<first>\d+) (?P<second>\d+)")(cross)
    store(said("cross 701 702", 501))
    store(said("cross 702 701", 502))
    dispatchers = [new_dispatcher(), new_dispatcher()]
    for dispatcher, telegram_id in zip(dispatchers, ("501", "502"), strict=True):
        dispatcher._chats.fresh.append(Dialog.objects.get(telegram_dialog_id=telegram_id).pk)

    drain_together(dispatchers)

    assert statuses() == [Status.DONE, Status.DONE]
    assert answers() == ["done", "done"]
    assert friends() == {501, 502}


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


@real_database
def test_an_update_that_ends_its_process_is_given_up_after_three_times(views):
    ran = []

    def die(request):
        ran.append(request.update_key)
        befriend(request)
        raise Killed

    views.phrase("die")(die)
    DialogFactory(person__role=Role.OWNER)
    store(said("die", 501), said("echo after", 501), said("echo other", 502))
    for attempt in (1, 2, 3):
        with pytest.raises(Killed):
            drain(new_dispatcher())
        assert InboundUpdate.objects.earliest("pk").attempts == attempt
    drain(new_dispatcher())

    assert len(ran) == 3
    assert statuses() == [Status.FAILED, Status.DONE, Status.DONE]
    assert friends() == set()
    assert {"after", "other"} < set(answers())
    assert FailureKind.objects.get().kind == "killed"


@real_database
@pytest.mark.parametrize("state", ["53100", "57P01", "58030", None])
def test_trouble_of_the_database_is_no_updates_fault(views, monkeypatch, state):
    """Disk full, shutting down, gone: nothing is counted, nothing is lost, and the caller hears of it."""

    class Trouble(Exception):
        sqlstate = state

    def fail(request):
        raise OperationalError("trouble") from Trouble()

    monkeypatch.setattr(dispatch, "handle", lambda *args: fail(args))
    store(said("echo one", 501), said("echo two", 502))
    for _ in range(5):
        dispatcher = new_dispatcher()
        with pytest.raises(OperationalError):
            dispatcher.run_once()
        dispatcher.close()

    assert (
        list(InboundUpdate.objects.values_list("status", "attempts", "error"))
        == [(Status.PENDING, 0, "")] * 2
    )
    monkeypatch.undo()
    own_registry(monkeypatch).phrase(r"echo (?P<what>.*)")(lambda request, what: Reply(what))
    drain(new_dispatcher())
    assert answers() == ["one", "two"]


@real_database
def test_a_statement_timeout_is_the_views_fault(views):
    def slow(request):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20ms'")
            cursor.execute("SELECT pg_sleep(1)")

    views.phrase("slow")(slow)
    store(said("slow"))
    drain(new_dispatcher())
    failed = InboundUpdate.objects.get()
    assert (failed.status, failed.attempts) == (Status.PENDING, 1)
    assert "statement timeout" in failed.error


@real_database
def test_a_view_that_wants_too_much_memory_is_to_blame_itself(views):
    class OutOfMemory(Exception):
        sqlstate = "53200"

    def greedy(request):
        raise OperationalError("out of memory") from OutOfMemory()

    views.phrase("greedy")(greedy)
    store(said("greedy", 501), said("echo fine", 502))
    drain(new_dispatcher())

    assert statuses() == [Status.PENDING, Status.DONE]
    assert InboundUpdate.objects.earliest("pk").attempts == 1


@real_database
def test_a_lost_connection_costs_nothing(views):
    store(said("echo one"))
    is_first = True

    def lose(request):
        nonlocal is_first
        if is_first:
            is_first = False
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return Reply("survived")

    views.phrase("lose")(lose)
    store(said("lose", 502))
    dispatcher = new_dispatcher()
    with pytest.raises(DatabaseError):
        dispatcher.run_once()
    connection.close()
    drain(dispatcher)

    assert sorted(answers()) == ["one", "survived"]
    assert statuses() == [Status.DONE, Status.DONE]


@real_database
def test_effects_answer_and_mark_are_one(views, monkeypatch):
    """When the last step fails, nothing of the update is left but its count."""
    views.phrase("work")(lambda request: befriend(request) or Reply("done"))
    store(said("work"))

    def fail(keys):
        raise ValueError

    monkeypatch.setattr(dispatch.pending, "close", fail)
    drain(new_dispatcher())

    assert friends() == set()
    assert answers() == []
    assert not ProcessedMessage.objects.exists()
    assert Dialog.objects.get().state == {}
    assert statuses() == [Status.PENDING]


# ── Cost ──────────────────────────────────────────────────────────────────────────────────────────────────


def _statements(dispatcher) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        batch = dispatcher.run_once()
    assert batch.handled
    return [query["sql"] for query in queries]


@real_database
def test_a_batch_costs_the_same_for_one_chat_and_for_thirty_two(views, monkeypatch):
    monkeypatch.setattr(dispatch, "BATCH_SECONDS", 60)
    dispatcher = new_dispatcher()
    store(said("echo warm", 600))
    drain(dispatcher)
    store(said("echo hello", 600))
    one = _statements(dispatcher)
    store(*(said("echo hello", 600 + number) for number in range(32)))

    many = _statements(dispatcher)
    dispatcher.close()

    assert InboundUpdate.objects.filter(status=Status.PENDING).count() == 0
    assert len(many) == len(one) <= 14
    assert not [sql for sql in many if "SAVEPOINT" in sql]


@real_database
def test_presses_cost_one_statement_more(views, monkeypatch):
    monkeypatch.setattr(dispatch, "BATCH_SECONDS", 60)

    def tap(request):
        return Reply("tapped")

    views.button()(tap)
    data = Button("x", tap).data
    screens = [
        MessageFactory(external_message_id="9", payload={"buttons": [[{"text": "x", "data": data}]]})
        for _ in range(20)
    ]
    store(*(pressed(data, screen, screen.person.telegram_id) for screen in screens))
    dispatcher = new_dispatcher()

    assert len(_statements(dispatcher)) <= 15
    dispatcher.close()
    edits = Message.objects.filter(operation="edit")
    assert set(edits.values_list("target_id", flat=True)) == {screen.pk for screen in screens}
