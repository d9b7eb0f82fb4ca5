"""Chats without history: nothing that is said there lies in the database in plain, whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.utils import timezone

from telegrambot.engine import outbox, retention, sealing, services
from telegrambot.engine import sender as sender_module
from telegrambot.engine.chat import Button, Document, Reply, Upload
from telegrambot.engine.claims import claim
from telegrambot.engine.exceptions import NothingToRetry, NothingToSend
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import Dialog, InboundUpdate, Message, OutgoingFile, Priority
from telegrambot.engine.settlement import Outcome, expire, settle
from telegrambot.engine.tests.dumping import stored_words
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.incoming import (
    drain,
    message,
    new_dispatcher,
    own_registry,
    pressed,
    said,
    store,
    update,
)
from telegrambot.engine.tests.scripted_api import DROP, ScriptedApi, refusal
from telegrambot.engine.tests.test_sender import sending, until

pytestmark = pytest.mark.django_db(transaction=True)
Status = InboundUpdate.Status

SECRET = "xylophone"
ANSWER = "marzipan"


@pytest.fixture(autouse=True)
def _unlimited(settings, monkeypatch):
    settings.MESSAGES_PER_SECOND = settings.MESSAGES_PER_SECOND_IN_CHAT = 0
    monkeypatch.setattr(sender_module, "_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(sender_module, "_IDLE_SECONDS", 0.1)


@pytest.fixture
def views(monkeypatch):
    catalogue.forget()
    return own_registry(monkeypatch)


@pytest.fixture
def dialog() -> Dialog:
    """The chat of person 501, without history."""
    chat: Any = DialogFactory(person__telegram_id=501, keep_history=False)
    return chat


def send_until(api: ScriptedApi, settings: Any, condition: Callable[[], bool]) -> None:
    async def work() -> None:
        async with sending(api, settings) as (_sender, threads, _bot):
            await until(threads, condition)

    asyncio.run(work())


def is_settled() -> bool:
    return not Message.objects.filter(status__in=["queued", "sending"]).exists()


def words() -> set[str]:
    return stored_words(SECRET, ANSWER)


def test_a_conversation_leaves_no_word_behind(views, dialog, settings):
    seen = []

    @views.button()
    def choose(request, word: str) -> Reply:
        return Reply(f"{ANSWER} {word}")

    @views.phrase(r"ask .*")
    def ask(request) -> Reply:
        seen.append(request.text)
        return Reply(f"{ANSWER}: {request.text}", buttons=[[Button(ANSWER, choose, "one")]])

    store(said(f"ask {SECRET}", 501, message_id=5))
    assert words() == set()
    assert stored_words("ask ") == set()
    assert InboundUpdate.objects.get().payload is None

    drain(new_dispatcher())
    assert seen == [f"ask {SECRET}"]
    assert words() == set()
    assert not InboundUpdate.objects.filter(sealed__isnull=False).exists()

    api = ScriptedApi()
    send_until(api, settings, is_settled)
    (call,) = api.of("sendMessage")
    assert call["text"] == f"{ANSWER}: ask {SECRET}"
    assert ANSWER in str(call["reply_markup"])
    screen = Message.objects.get(direction="outbound")
    assert (screen.status, screen.sealed, screen.text) == ("sent", None, "")
    assert words() == set()

    store(pressed(screen.payload["buttons"][0][0]["data"], screen))
    drain(new_dispatcher())
    assert Message.objects.filter(target=screen, operation="edit", status="queued").exists()
    assert words() == set()


def test_every_type_of_message_edit_and_event_leaves_no_word_behind(views, dialog):
    photo = {"photo": [{"file_id": SECRET, "file_unique_id": "1", "width": 1, "height": 1}]}
    contact = {"contact": {"first_name": SECRET, "phone_number": "1"}}
    store(
        said(None, 501, caption=SECRET, **photo),
        said(None, 501, **contact),
        said(f"/{SECRET}", 501),
        said(SECRET, 501, reply_to_message=message(ANSWER, 501)),
        said("first", 501, message_id=77),
        update("edited_message", message(SECRET, 501, message_id=77, edit_date=9)),
        update("my_chat_member", {"chat": message(SECRET, 501)["chat"], "note": SECRET}),
    )
    drain(new_dispatcher())

    assert words() == set()
    types = (
        Message.objects.filter(direction="inbound").order_by("pk").values_list("message_type", "operation")
    )
    assert list(types) == [
        ("photo", "send"),
        ("contact", "send"),
        ("text", "send"),
        ("text", "send"),
        ("text", "send"),
        ("text", "edit"),
    ]


def test_what_it_is_asked_is_known_but_not_to_be_read(views, dialog):
    heard = []

    @views.answer()
    def told(request) -> Reply:
        heard.append((request.text, request.data))
        return Reply()

    views.phrase(f"begin {SECRET}")(lambda request: Reply(ANSWER, ask=told, data={"so far": request.text}))
    store(said(f"begin {SECRET}", 501))
    drain(new_dispatcher())
    assert words() == set()
    assert stored_words("so far") == set()

    store(said("the end", 501))
    drain(new_dispatcher())
    assert heard == [("the end", {"so far": f"begin {SECRET}"})]
    assert Dialog.objects.get(pk=dialog.pk).state == {}


def test_a_view_that_fails_is_tried_again_and_at_last_by_an_operator(views, dialog, caplog):
    is_broken = True

    @views.phrase(f".*{SECRET}.*")
    def break_down(request) -> Reply:
        if is_broken:
            raise RuntimeError(request.text)
        return Reply(ANSWER)

    store(said(SECRET, 501))
    for _ in range(3):
        InboundUpdate.objects.update(not_before=timezone.now())
        drain(new_dispatcher())
        assert words() == set()
    failed = InboundUpdate.objects.get()
    assert (failed.status, failed.payload) == (Status.FAILED, None)
    assert SECRET not in caplog.text

    is_broken = False
    services.retry_updates([failed.pk], actor=None)
    drain(new_dispatcher())
    failed.refresh_from_db()
    assert (failed.status, failed.sealed) == (Status.DONE, None)
    assert Message.objects.filter(direction="outbound").count() == 2  # the apology, the answer
    assert words() == set()


def test_one_whose_handling_killed_the_process_can_be_tried_again(views, dialog):
    heard = []
    views.phrase(f".*{SECRET}.*")(lambda request: heard.append(request.text))
    store(said(SECRET, 501))
    InboundUpdate.objects.update(attempts=3)
    drain(new_dispatcher())
    killed = InboundUpdate.objects.get()
    assert (killed.status, killed.payload, heard) == (Status.FAILED, None, [])
    assert words() == set()

    services.retry_updates([killed.pk], actor=None)
    drain(new_dispatcher())
    assert heard == [SECRET]
    assert InboundUpdate.objects.get().sealed is None


@pytest.mark.parametrize(
    "bad",
    [
        said(f"{SECRET}\ud83d", 501),
        said(SECRET, 501, chat={"id": 501}),
        said(SECRET, 501, chat={"id": "x", "type": "private"}),
        said(SECRET, 501, date=10**17),
        update("message", [SECRET]),
        update(SECRET * 9, message(SECRET, 501)),
        said(SECRET, 501, odd=10**40),
        update("message", {"text": SECRET, "odd": -(10**40)}),
    ],
    ids=[
        "half a character",
        "no chat type",
        "no chat id",
        "no date",
        "no message",
        "a long kind",
        "a number without end",
        "no chat and a number without end",
    ],
)
def test_what_cannot_be_read_is_put_aside_sealed(views, dialog, bad):
    store(bad)
    aside = InboundUpdate.objects.get()
    assert (aside.status, aside.payload) == (Status.FAILED, None)
    assert SECRET in (aside.sealed or "")
    if not aside.kind.startswith(SECRET):
        assert words() == set()


def test_what_cannot_be_read_elsewhere_stays_readable(views, dialog):
    store(said("hello\x00", 777))
    assert "hello" in InboundUpdate.objects.get().payload["message"]["text"]


def test_other_chats_in_the_same_batch_are_kept(views, dialog):
    store(said(SECRET, 501), said("kept", 502))
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["", "kept"]
    assert words() == set()


def test_a_group_that_moved_and_a_business_account_connected_anew_keep_their_word(views):
    silent = {"person": None, "title": "", "keep_history": False}
    DialogFactory(telegram_dialog_id="-5", type="group", **silent)
    DialogFactory(telegram_dialog_id="60", business_connection_id="old", **silent)
    moved = {"id": -1005, "type": "supergroup", "title": "Team"}
    store(
        said(None, 501, chat=moved, migrate_from_chat_id=-5),
        said(SECRET, 501, chat=moved),
        update("business_message", message(SECRET, 60, business_connection_id="new")),
        said("kept", 60),
    )
    drain(new_dispatcher())
    assert words() == set()
    assert set(Dialog.objects.filter(keep_history=True).values_list("telegram_dialog_id", flat=True)) == {
        "60"
    }


def queued(dialog: Dialog, reply: Reply | None = None, **more: Any) -> Message:
    (key,) = outbox.say(
        reply or Reply(ANSWER),
        dialog_id=dialog.pk,
        person_id=dialog.person_id,
        priority=Priority.APPROVED_REPLY,
        origin="test",
        key="key",
        **more,
    )
    return Message.objects.get(pk=key)


def test_an_upload_leaves_as_it_was_made(dialog, settings):
    message = queued(dialog, Reply(ANSWER, media=Document(Upload(f"{SECRET}.txt", SECRET.encode()))))
    assert message.message_type == "document"
    assert words() == set()
    api = ScriptedApi()
    send_until(api, settings, is_settled)
    (call,) = [call for call in api.calls if call.method == "sendDocument"]
    assert call.parameters["caption"] == ANSWER
    assert (call.files, call.names) == ({"document": SECRET.encode()}, {"document": f"{SECRET}.txt"})
    assert words() == set()
    OutgoingFile.objects.update(created_at=timezone.now() - timedelta(hours=25))
    retention.erase_expired()
    assert not OutgoingFile.objects.exists()


@pytest.mark.parametrize("status", ["sent", "failed"])
def test_settling_erases(dialog, status):
    message = queued(dialog)
    (found,), _ = claim(1)
    assert found.text == ANSWER
    settle([Outcome(found.message_id, found.token, found.dialog_id, status)])
    message.refresh_from_db()
    assert (message.status, message.sealed) == (status, None)
    assert words() == set()


def test_a_try_that_did_not_count_keeps_it(dialog):
    queued(dialog)
    for _ in range(2):
        (found,), _ = claim(1)
        assert found.text == ANSWER
        outcome = Outcome(found.message_id, found.token, found.dialog_id, "queued", attempts_back=1)
        settle([outcome])
    assert words() == set()


def test_cancelling_and_expiry_erase(dialog):
    message = queued(dialog)
    services.cancel_messages([message.pk], actor=None)
    assert Message.objects.get(pk=message.pk).sealed is None

    (key,) = outbox.queue([outbox.Draft(dialog.pk, None, ANSWER, expires_in=0)])
    expire()
    late = Message.objects.get(pk=key)
    assert (late.status, late.sealed) == ("failed", None)


def test_an_uncertain_message_can_be_sent_again_until_it_is_erased(dialog):
    message = queued(dialog)
    (found,), _ = claim(1)
    settle([Outcome(found.message_id, found.token, found.dialog_id, "uncertain")])
    services.send_again([message.pk], actor=None)
    (again,), _ = claim(1)
    assert again.text == ANSWER
    settle([Outcome(again.message_id, again.token, again.dialog_id, "failed")])

    Message.objects.update(created_at=timezone.now() - timedelta(hours=25))
    retention.erase_expired()
    message.refresh_from_db()
    assert (message.status, message.sealed) == ("uncertain", None)
    assert "erased" in message.error
    copy = Message.objects.get(pk=again.message_id)
    with pytest.raises(NothingToSend):
        services.send_again([copy.pk], actor=None)
    assert words() == set()


def test_what_waits_too_long_is_erased_and_never_handled(views, dialog):
    heard = []
    views.phrase(f".*{SECRET}.*")(lambda request: heard.append(request.text))
    store(said(SECRET, 501))
    message = queued(dialog)
    long_ago = timezone.now() - timedelta(hours=25)
    InboundUpdate.objects.update(received_at=long_ago)
    Message.objects.update(created_at=long_ago)
    retention.erase_expired()
    drain(new_dispatcher())

    update = InboundUpdate.objects.get()
    message.refresh_from_db()
    assert (update.status, update.sealed, message.status, message.sealed) == ("failed", None, "failed", None)
    assert heard == []
    assert claim(5)[0] == []
    with pytest.raises(NothingToRetry):
        services.retry_updates([update.pk], actor=None)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_question_that_stays_sealed_is_forgotten_in_time(monkeypatch, is_kept):
    """Also in a chat that keeps its history again."""
    sealed: Any = DialogFactory(keep_history=is_kept, state=sealing.sealed_state({"answer": "x"}))
    plain: Any = DialogFactory(keep_history=is_kept, state={"answer": "x"})
    retention.erase_expired()
    sealed.refresh_from_db()
    assert sealed.state

    monkeypatch.setattr(retention.timezone, "now", lambda: sealed.updated_at + timedelta(hours=25))
    retention.erase_expired()
    sealed.refresh_from_db()
    plain.refresh_from_db()
    assert (sealed.state, plain.state) == ({}, {"answer": "x"})


def test_a_wrong_key_loses_nothing(views, dialog, settings):
    heard = []
    views.phrase(f".*{SECRET}.*")(lambda request: heard.append(request.text))
    right = settings.VAULT_KEYS
    store(said(SECRET, 501))
    queued(dialog)

    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    drain(new_dispatcher())
    pending = InboundUpdate.objects.defer("sealed").get()
    assert (pending.status, pending.attempts) == (Status.PENDING, 1)
    assert "UnreadableSecret" in pending.error
    api = ScriptedApi()
    send_until(api, settings, lambda: Message.objects.filter(error__contains="VAULT_KEYS").exists())
    assert api.of("sendMessage") == []

    settings.VAULT_KEYS = right
    InboundUpdate.objects.update(not_before=timezone.now())
    Message.objects.update(not_before=timezone.now())
    drain(new_dispatcher())
    assert heard == [SECRET]
    assert claim(1)[0][0].text == ANSWER


@pytest.mark.parametrize(
    "refused",
    [
        refusal(
            400, f'Bad Request: can\'t parse entities: Unsupported start tag "{ANSWER}" at byte offset 0'
        ),
        refusal(400, f"Bad Request: inline keyboard button URL '{ANSWER}' is invalid"),
        DROP,
    ],
    ids=["formatting", "address", "lost"],
)
def test_what_telegram_refuses_is_not_quoted(dialog, settings, refused, caplog):
    owner: Any = DialogFactory(person__role=3)
    queued(dialog)
    api = ScriptedApi()
    api.script("sendMessage", *[refused] * (1 if refused is DROP else 2))

    with caplog.at_level(logging.DEBUG):
        send_until(api, settings, is_settled)
    assert owner.pk
    if refused is DROP:
        assert Message.objects.get(dialog=dialog).status == "uncertain"
    assert words() == set()


def test_the_database_itself_erases_what_psql_settles(dialog):
    queued(dialog)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_message SET status = 'cancelled'")
    assert Message.objects.get().sealed is None
