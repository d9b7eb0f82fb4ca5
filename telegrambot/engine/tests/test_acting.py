"""Whose doing it is: updates', jobs', the sender's; and what refusals and failures leave behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django import app

from audit.context import acting, current
from audit.models import EventLog
from audit.services import record
from config.errors import DomainError
from telegrambot.accounts.claims import create_owner_claim
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import settlement, worker
from telegrambot.engine.chat import Reply
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import InboundUpdate
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.incoming import (
    answers,
    drain,
    new_dispatcher,
    own_registry,
    said,
    store,
)
from telegrambot.engine.tests.test_jobs import PURGE, make_job
from telegrambot.engine.threads import DatabaseThreads

real_database = pytest.mark.django_db(transaction=True)
# Any declared event will do.
NOTED = "audit.log.exported"


def noted():
    return list(EventLog.objects.filter(action=NOTED).order_by("id"))


def refusals():
    return list(EventLog.objects.filter(action="engine.command.refused").order_by("id"))


@pytest.fixture
def views(monkeypatch):
    catalogue.forget()
    registry = own_registry(monkeypatch)

    @registry.phrase(r"note (?P<what>.*)")
    def note(request, what: str):
        record(NOTED, request.person, details={"what": what})
        return Reply(f"noted {what}")

    @registry.phrase("refuse")
    def refuse(request):
        record(NOTED, request.person)
        raise DomainError

    @registry.phrase("break")
    def broken(request):
        record(NOTED, request.person)
        raise ValueError("broken")

    return registry


# ── Updates ───────────────────────────────────────────────────────────────────────────────────────────────


@real_database
def test_updates_of_one_batch_are_each_their_senders(views):
    people = TelegramUserFactory.create_batch(3)
    store(*(said(f"note {place}", person.telegram_id) for place, person in enumerate(people)))

    batches = drain(new_dispatcher())

    assert batches[0].handled == 3
    updates = InboundUpdate.objects.order_by("id")
    assert [(event.user_id, event.details["what"], event.correlation_id) for event in noted()] == [
        (str(person.pk), str(place), f"update:{update.pk}")
        for place, (person, update) in enumerate(zip(people, updates, strict=True))
    ]
    assert {event.origin for event in noted()} == {"chat"}
    assert len({event.transaction_id for event in noted()}) == 1
    assert current().user_id == "system"


@pytest.mark.django_db
def test_all_that_an_update_led_to_has_its_number():
    code = create_owner_claim()
    ann = TelegramUserFactory()

    ChatClient(ann).send(f"/start claim_{code}")

    update = InboundUpdate.objects.get()
    found = EventLog.objects.filter(correlation_id=f"update:{update.pk}").order_by("id")
    named = [event for event in found if event.action.startswith(("accounts.owner.", "accounts.role."))]
    assert [event.action for event in named] == ["accounts.owner.claimed", "accounts.role.granted"]
    assert {(event.user_id, event.origin, event.entity_id) for event in named} == {
        (str(ann.pk), "chat", str(ann.pk))
    }
    assert code not in str([event.details for event in found])


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN])
def test_a_refused_command_leaves_exactly_one_event(role):
    person = TelegramUserFactory(role=role)
    chat = ChatClient(person)
    chat.send("/help")  # the first time, the chat itself is new
    before = EventLog.objects.count()

    chat.send("/grant @secretname owner")

    assert EventLog.objects.count() == before + 1
    (event,) = refusals()
    assert (event.user_id, event.origin) == (str(person.pk), "chat")
    assert event.correlation_id == f"update:{InboundUpdate.objects.latest('pk').pk}"
    assert event.details == {"route": "accounts.grant", "role": role.value}
    assert not TelegramUser.objects.filter(role=Role.OWNER).exists()


@pytest.mark.django_db
def test_an_allowed_command_leaves_no_refusal():
    ChatClient(TelegramUserFactory(role=Role.OWNER)).send("/users")

    assert refusals() == []


@real_database
def test_a_view_that_refuses_or_breaks_leaves_no_event(views):
    store(said("refuse", 501), said("break", 502), said("note well", 503))

    for _ in range(4):
        drain(new_dispatcher())
        InboundUpdate.objects.filter(status="pending").update(
            not_before=timezone.now() - timedelta(seconds=1)
        )

    assert InboundUpdate.objects.filter(status="failed").count() == 1
    assert [event.details for event in noted()] == [{"what": "well"}]
    assert "noted well" in answers()


@pytest.mark.django_db
def test_to_know_whose_update_it_is_costs_no_query(views):
    chat = ChatClient(TelegramUserFactory())
    views.phrase("say so")(lambda request: Reply(current().user_id))
    chat.send("say so")

    with CaptureQueriesContext(connection) as plain:
        chat.send("say so")
    with CaptureQueriesContext(connection) as noting:
        chat.send("note x")

    # The event, and the savepoint before a view's first write.
    assert len(noting) - len(plain) == 3


# ── What triggers write ───────────────────────────────────────────────────────────────────────────────────


def changes(action):
    return list(EventLog.objects.filter(action=action).order_by("id"))


@real_database
def test_a_change_by_a_view_is_the_senders_in_a_batch_too(views):
    people = TelegramUserFactory.create_batch(3)

    @views.phrase("befriend me")
    def befriend(request):
        TelegramUser.objects.filter(pk=request.person.pk).update(is_friend=True)

    store(*(said("befriend me", person.telegram_id) for person in people))
    drain(new_dispatcher())

    # What Telegram says of a person's name is the program's own news.
    found = [event for event in changes("accounts.telegramuser.changed") if event.user_id != "system"]
    assert [(event.user_id, event.entity_id, event.correlation_id) for event in found] == [
        (str(person.pk), str(person.pk), f"update:{update.pk}")
        for person, update in zip(people, InboundUpdate.objects.order_by("id"), strict=True)
    ]
    assert {event.origin for event in found} == {"chat"}


@real_database
def test_what_a_view_took_back_was_nobodys(views):
    @views.phrase("befriend and (?P<how>refuse|break)")
    def befriend(request, how):
        TelegramUser.objects.filter(pk=request.person.pk).update(is_friend=True)
        raise DomainError if how == "refuse" else ValueError(how)

    ann, bob = TelegramUserFactory.create_batch(2)
    store(said("befriend and refuse", ann.telegram_id), said("befriend and break", bob.telegram_id))
    drain(new_dispatcher())

    assert {event.user_id for event in changes("accounts.telegramuser.changed")} <= {"system"}
    assert not TelegramUser.objects.filter(is_friend=True).exists()


@pytest.mark.django_db
def test_whoever_is_seen_first_is_seen_by_the_program():
    with acting(user_id="somebody", origin="admin", correlation_id="request:1"):
        store(said("hello", 777))

    (person,) = changes("accounts.telegramuser.created")
    (chat,) = changes("engine.dialog.created")
    assert person.entity_id == str(TelegramUser.objects.get(telegram_id=777).pk)
    for event in (person, chat):
        assert (event.user_id, event.origin, event.correlation_id) == ("system", "chat", "")


@pytest.mark.django_db
def test_that_somebody_blocked_the_bot_is_what_the_sender_learned():
    dialog = DialogFactory()

    settlement.settle([settlement.Outcome(1, uuid4(), dialog.pk, "failed", blocked=True)])

    (event,) = changes("accounts.telegramuser.changed")
    assert (event.entity_id, event.user_id, event.origin) == (str(dialog.person_id), "system", "chat")


# ── Threads and jobs ──────────────────────────────────────────────────────────────────────────────────────


def test_work_on_a_thread_is_done_for_whoever_asked():
    async def scenario():
        threads = DatabaseThreads(1)
        try:
            with acting(origin="command", correlation_id="command:1"):
                inside = await threads.run(current)
            return inside, await threads.run(current)
        finally:
            threads.close()

    inside, outside = asyncio.run(scenario())

    assert (inside.origin, inside.correlation_id) == ("command", "command:1")
    assert outside.origin == "shell"


def work_off(monkeypatch):
    """Let a worker do what waits in its queue, and end."""
    # Periodic jobs would leave connections in threads of their own.
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})

    async def run():
        worker_app = app.with_connector(app.connector.get_worker_connector())
        async with worker_app.open_async():
            await worker_app.run_worker_async(
                queues=["apart"],
                wait=False,
                install_signal_handlers=False,
                listen_notify=False,
                delete_jobs="always",  # no test empties Procrastinate's tables
                worker_middleware=worker.MIDDLEWARE,
            )

    asyncio.run(run())


@pytest.fixture
def note_job(monkeypatch):
    def note(**kwargs):
        try:
            record(NOTED, details={"kwargs": sorted(kwargs)})
        finally:
            connection.close()  # it is this thread's own

    monkeypatch.setattr(app.tasks[PURGE], "func", note)
    return lambda args="{}": make_job(args=args, queue="apart").pk


@real_database
def test_a_job_is_the_programs_doing_and_known_by_its_number(monkeypatch, note_job):
    numbers = [note_job() for _ in range(2)]

    with acting(user_id="somebody", origin="command", correlation_id="command:1", command="runworker"):
        work_off(monkeypatch)

    assert [(event.user_id, event.origin, event.correlation_id) for event in noted()] == [
        ("system", "task", f"task:{number}") for number in numbers
    ]
    assert {event.details["task"] for event in noted()} == {PURGE}
    assert all("command" not in event.details for event in noted())


@real_database
def test_a_job_may_act_for_whoever_asked_for_it(monkeypatch, note_job):
    ann = TelegramUserFactory()
    number = note_job(f'{{"actor_id": "{ann.pk}"}}')

    work_off(monkeypatch)

    (event,) = noted()
    assert (event.user_id, event.origin, event.correlation_id) == (str(ann.pk), "task", f"task:{number}")


@pytest.mark.django_db
@pytest.mark.parametrize("fails", [False, True])
def test_the_context_ends_with_the_job(fails):
    async def scenario():
        job = SimpleNamespace(id=7, task_name="tests.note", task_kwargs={})

        async def call_next():
            assert current().correlation_id == "task:7"
            if fails:
                raise LookupError
            return "done"

        try:
            return await worker.act_as_job(call_next, SimpleNamespace(job=job), None)
        except LookupError:
            return current().origin

    assert asyncio.run(scenario()) == ("shell" if fails else "done")
