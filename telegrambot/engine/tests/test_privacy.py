"""Switching the history of a chat off and on, while messages come and go."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import EventLog
from telegrambot.accounts import erasure
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import media, outbox, privacy, sealing, services, tasks
from telegrambot.engine.claims import claim
from telegrambot.engine.models import Dialog, FetchedMedia, InboundUpdate, Message, OutgoingFile, Priority
from telegrambot.engine.replies import Media, Reply, Upload
from telegrambot.engine.settlement import Outcome, settle
from telegrambot.engine.tests.dumping import stored_words
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory, MessageFactory
from telegrambot.engine.tests.incoming import (
    drain,
    new_dispatcher,
    own_registry,
    pressed,
    said,
    store,
    together,
)
from telegrambot.engine.tests.incoming import update as arriving

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "xylophone"
BUTTONS = {"buttons": [[{"text": SECRET, "data": "engine.show_help"}, {"text": "b", "url": "https://x.y/"}]]}


@pytest.fixture(autouse=True)
def _jobs():
    """Procrastinate's tables, emptied afterwards: Django's flush does not know them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def dialog() -> Dialog:
    chat: Any = DialogFactory(person__telegram_id=501)
    return chat


def switch(dialog: Dialog, keep: bool) -> bool:
    return privacy.set_keep_history(dialog, keep, actor=None)


def erase() -> int:
    """Do what the job does that was deferred; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'telegrambot.engine.tasks.erase_history'"
            " RETURNING args"
        )
        found = cursor.fetchall()
    for (arguments,) in found:
        tasks.erase_history(**json.loads(arguments))
    return len(found)


def test_switching_off_erases_what_was_kept(dialog, monkeypatch):
    monkeypatch.setattr(privacy, "BATCH", 3)
    other = MessageFactory(text=f"{SECRET} elsewhere")
    file = OutgoingFile.objects.create(name=f"{SECRET}.txt", content=SECRET.encode())
    shown = MessageFactory(dialog=dialog, text=SECRET, payload=BUTTONS, external_message_id="7")
    MessageFactory(dialog=dialog, text=SECRET, operation="edit", target=shown, payload=BUTTONS)
    MessageFactory(
        dialog=dialog, payload={"media": {"kind": "document", "file": str(file.pk), "name": SECRET}}
    )
    MessageFactory(dialog=dialog, status="failed", text=SECRET, error=f'wrong tag "{SECRET}"')
    album = MessageFactory(dialog=dialog, message_type="album", payload={"message_ids": [7, 8], "album": []})
    photo = MessageFactory(dialog=dialog, direction="inbound", status="delivered", payload={"name": SECRET})
    FetchedMedia.objects.create(message=photo, is_thumbnail=True, content_type="x", content=SECRET.encode())
    for _ in range(5):
        InboundUpdateFactory(dialog=dialog, payload={"message": {"text": SECRET}}, command=SECRET)

    assert switch(dialog, keep=False)
    assert erase() == 1

    assert stored_words(SECRET) == {SECRET}
    other.delete()
    assert stored_words(SECRET) == set()
    shown.refresh_from_db()
    album.refresh_from_db()
    assert shown.payload == {"buttons": [[{"data": "engine.show_help"}]]}
    assert album.payload == {"message_ids": [7, 8]}
    assert Message.objects.filter(dialog=dialog).count() == 6
    assert not OutgoingFile.objects.exists()


def test_what_could_not_be_read_of_this_chat_is_erased_too(dialog):
    store(said(f"{SECRET}\x00", 501), said("hello\x00", 502))
    switch(dialog, keep=False)
    erase()
    assert stored_words(SECRET, "hello") == {"hello"}


def test_it_is_told_to_the_log_without_a_word(dialog):
    switch(dialog, keep=False)
    event = EventLog.objects.filter(entity_type="engine.dialog", entity_id=str(dialog.pk)).latest("pk")
    assert event.details["after"] == {"keep_history": False}


def test_switching_twice_changes_nothing(dialog):
    assert switch(dialog, keep=False)
    assert not switch(dialog, keep=False)
    assert erase() == 1
    assert not dialog.keep_history


def test_what_waits_is_sealed_and_still_handled_and_sent(dialog, monkeypatch):
    heard = []
    own_registry(monkeypatch).phrase(f".*{SECRET}.*")(lambda request: heard.append(request.text))
    store(said(SECRET, 501))
    message = MessageFactory(dialog=dialog, status="queued", text=SECRET, payload=BUTTONS)
    Dialog.objects.update(state={"answer": "nobody.knows", "data": {"text": SECRET}})

    switch(dialog, keep=False)
    erase()
    assert stored_words(SECRET) == set()

    drain(new_dispatcher())
    (found,), _ = claim(1)
    assert heard == [SECRET]
    assert (found.message_id, found.text, found.payload) == (message.pk, SECRET, BUTTONS)


def test_what_is_being_sent_is_erased_when_it_has_landed(dialog):
    MessageFactory(dialog=dialog, status="queued", text=SECRET)
    (found,), _ = claim(1)
    switch(dialog, keep=False)
    erase()
    assert stored_words(SECRET) == set()

    settle([Outcome(found.message_id, found.token, found.dialog_id, "sent", external_message_id="9")])
    message = Message.objects.get()
    assert (message.status, message.external_message_id, message.sealed) == ("sent", "9", None)


def test_buttons_from_before_still_work(dialog, monkeypatch):
    shown = MessageFactory(dialog=dialog, text=SECRET, payload=BUTTONS, external_message_id="7")
    switch(dialog, keep=False)
    erase()
    store(pressed("engine.show_help", shown))
    (batch, *_) = drain(new_dispatcher())
    assert [press.text for press in batch.presses] == [""]
    assert Message.objects.filter(target=shown, operation="edit").exists()


def test_switched_on_again_it_keeps_what_comes_from_then_on(dialog):
    MessageFactory(dialog=dialog, text=SECRET)
    switch(dialog, keep=False)
    store(said("unheard", 501))
    assert switch(dialog, keep=True)
    store(said("heard", 501), arriving("message", {**said("again", 501)["message"]}))
    drain(new_dispatcher())
    erase()  # the job was late

    assert stored_words(SECRET, "unheard") == set()
    texts = Message.objects.filter(direction="inbound").order_by("pk").values_list("text", flat=True)
    assert list(texts) == ["", "heard", "again"]


def test_switched_on_again_it_goes_on_with_what_it_asked(dialog):
    asked = {"answer": "nobody.knows", "data": {"so far": "ёлка"}}
    Dialog.objects.update(state=asked)
    switch(dialog, keep=False)
    assert Dialog.objects.get().state.keys() == {"sealed"}
    switch(dialog, keep=True)
    assert Dialog.objects.get().state == asked


def test_erasing_goes_on_where_it_was_cut_off(dialog, monkeypatch):
    monkeypatch.setattr(privacy, "BATCH", 2)
    MessageFactory.create_batch(5, dialog=dialog, text=SECRET)
    switch(dialog, keep=False)
    last = Message.objects.latest("pk").pk
    known = {"updates_up_to": 0, "messages_up_to": last}
    after = privacy.erase_batch(dialog.pk, after=0, **known)
    assert Message.objects.exclude(text="").count() == 3
    assert after is not None
    tasks.erase_history(dialog.pk, **known)
    assert stored_words(SECRET) == set()


def test_an_operators_answer_queued_at_the_same_moment_is_not_kept(dialog):
    """Who has looked at the switch before it was turned is waited for; who looks after sees it turned."""
    has_queued, may_commit = threading.Event(), threading.Event()

    def answer() -> None:
        with transaction.atomic():
            outbox.queue([outbox.Draft(dialog.pk, None, SECRET, priority=Priority.APPROVED_REPLY)])
            has_queued.set()
            may_commit.wait(10)

    def turn() -> None:
        has_queued.wait(10)
        turning = threading.Timer(0.3, may_commit.set)
        turning.start()
        switch(dialog, keep=False)
        assert may_commit.is_set()

    together(answer, turn)
    assert stored_words(SECRET) == set()
    assert claim(1)[0][0].text == SECRET


def test_nothing_slips_through_while_messages_arrive_and_leave(dialog):
    def arrive() -> None:
        for _ in range(15):
            store(said(SECRET, 501))

    def answer() -> None:
        for _ in range(15):
            outbox.queue([outbox.Draft(dialog.pk, None, SECRET)])

    def turn() -> None:
        switch(dialog, keep=False)

    together(arrive, answer, turn)
    erase()
    assert stored_words(SECRET) == set()
    assert InboundUpdate.objects.filter(sealed__isnull=False, status="pending").count() == 15
    assert Message.objects.filter(sealed__isnull=False, status="queued").count() == 15


def test_a_refusal_from_before_the_switch_repeats_nothing(dialog):
    MessageFactory(dialog=dialog, status="queued", text=f"<{SECRET}>", error=f'Can\'t parse: tag "{SECRET}"')
    switch(dialog, keep=False)
    erase()
    assert stored_words(SECRET) == set()


def test_a_file_that_was_under_way_at_the_switch_leaves_no_trace(dialog):
    payload = {"media": {"kind": "document", "file_id": "F", "name": SECRET}}
    MessageFactory(dialog=dialog, status="queued", text="", message_type="document", payload=payload)
    (claimed,), _ = claim(1)
    switch(dialog, False)
    erase()

    known = claimed.message_id, claimed.token, claimed.dialog_id
    settle(
        [Outcome(*known, "sent", payload={"files": [{"file_id": "F", "name": SECRET}], "message_ids": [9]})]
    )

    assert stored_words(SECRET) == set()
    assert Message.objects.get().payload["message_ids"] == [9]


def test_a_refusal_that_comes_after_the_switch_repeats_nothing(dialog):
    MessageFactory(dialog=dialog, status="queued", text=f"<b>{SECRET}")
    (claimed,), _ = claim(1)
    switch(dialog, False)
    erase()

    known = claimed.message_id, claimed.token, claimed.dialog_id
    settle([Outcome(*known, "failed", error=f'Can\'t parse entities: no end of "{SECRET}"')])

    assert stored_words(SECRET) == set()
    assert Message.objects.get().error == "Can't parse entities"


def test_a_file_that_waits_at_the_switch_is_encrypted_with_its_message(dialog):
    file = Media("document", Upload(f"{SECRET}.txt", SECRET.encode()))
    outbox.say(Reply("", media=file), dialog_id=dialog.pk, person_id=None, priority=1, origin="x", key="k")

    switch(dialog, False)
    erase()

    assert stored_words(SECRET) == set()
    stored = OutgoingFile.objects.get()
    assert (stored.is_sealed, stored.name) == (True, "")
    assert sealing.unseal_file(bytes(stored.content)) == SECRET.encode()
    (claimed,), _ = claim(1)
    assert claimed.payload["media"]["name"] == f"{SECRET}.txt"


# ── In other chats ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["sent", "failed", "cancelled", "uncertain", "queued"])
def test_what_operators_were_shown_of_the_chat_goes_with_it(dialog, monkeypatch, status):
    monkeypatch.setattr(privacy, "BATCH", 2)
    DialogFactory(person=dialog.person, business_connection_id="c")  # which of them it repeats nobody knows
    notices = MessageFactory.create_batch(
        3, about=dialog.person, status=status, text=SECRET, payload=BUTTONS, error=f'wrong "{SECRET}"'
    )
    kept = MessageFactory(about=TelegramUserFactory(), text="of somebody else")

    switch(dialog, keep=False)
    erase()

    assert stored_words(SECRET, kept.text) == {kept.text}
    for notice in notices:
        notice.refresh_from_db()
        assert (notice.status, notice.payload) == (status, {"buttons": [[{"data": "engine.show_help"}]]})


def test_a_notice_that_waits_still_leaves_and_is_empty_then(dialog):
    MessageFactory(about=dialog.person, status="queued", text=SECRET, payload=BUTTONS)
    switch(dialog, keep=False)
    erase()

    (found,), _ = claim(1)
    assert (found.text, found.payload) == (SECRET, BUTTONS)
    settle([Outcome(found.message_id, found.token, found.dialog_id, "sent", external_message_id="9")])

    notice = Message.objects.get()
    assert (notice.status, notice.text, notice.sealed) == ("sent", "", None)


def test_what_operators_are_shown_before_all_is_erased_is_not_kept(dialog):
    operator = DialogFactory()
    switch(dialog, keep=False)

    for is_kept in (None, True):
        outbox.queue([outbox.Draft(operator.pk, None, SECRET, about_id=dialog.person_id, is_kept=is_kept)])

    assert stored_words(SECRET) == set()
    assert claim(1)[0][0].text == SECRET


def test_a_notice_sent_again_before_all_is_erased_is_not_kept(dialog):
    failed = MessageFactory(about=dialog.person, status="failed", text=SECRET)
    switch(dialog, keep=False)

    services.send_again([failed.pk], actor=None)
    erase()

    assert stored_words(SECRET) == set()
    assert claim(1)[0][0].text == SECRET


def test_of_a_group_its_own_messages_go(dialog):
    group = DialogFactory(person=None, type=Dialog.Type.GROUP, telegram_dialog_id="-100", title="All")
    MessageFactory(dialog=group, text=SECRET)
    stays = MessageFactory(dialog=dialog, text="about nobody")

    switch(group, keep=False)
    erase()

    assert stored_words(SECRET, stays.text) == {stays.text}


def test_of_who_was_erased_meanwhile_nothing_is_left_to_erase(dialog):
    MessageFactory(dialog=dialog, text=SECRET)
    switch(dialog, keep=False)

    assert erasure.erase(dialog.person)

    assert erase() == 1
    assert stored_words(SECRET) == set()


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────


def document(dialog: Dialog, file: OutgoingFile, **more) -> Message:
    payload = {"media": {"kind": "document", "file": str(file.pk), "name": file.name}}
    made: Any = MessageFactory(dialog=dialog, text="", message_type="document", payload=payload, **more)
    return made


@pytest.fixture
def file() -> OutgoingFile:
    return OutgoingFile.objects.create(name=f"{SECRET}.pdf", content=SECRET.encode())


def test_a_copy_that_is_on_its_way_keeps_its_file(dialog, file):
    failed = document(dialog, file, status="failed")
    services.send_again([failed.pk], actor=None)

    switch(dialog, keep=False)
    erase()

    assert stored_words(SECRET) == set()
    (claimed,), _ = claim(1)
    assert claimed.payload["media"]["file"] == str(file.pk)
    assert OutgoingFile.objects.filter(pk=file.pk).exists()


@pytest.mark.parametrize("keep", [True, False])
def test_a_file_that_somebody_else_waits_for_stays(dialog, file, keep):
    document(dialog, file)
    other = DialogFactory(keep_history=keep)
    waits = document(other, file, status="queued")
    if not keep:
        privacy.seal_message(waits)
        waits.save()

    switch(dialog, keep=False)
    erase()
    assert OutgoingFile.objects.filter(pk=file.pk).exists()

    erasure.erase(dialog.person)
    assert OutgoingFile.objects.filter(pk=file.pk).exists()


@pytest.mark.parametrize("status", ["queued", "uncertain"])
def test_what_was_looked_at_of_a_message_that_waits_goes(dialog, file, status):
    message = document(dialog, file, status=status)
    assert bytes(media.fetch(message, is_thumbnail=False).content) == SECRET.encode()

    switch(dialog, keep=False)
    erase()

    assert not FetchedMedia.objects.exists()
    assert stored_words(SECRET) == set()


@pytest.mark.parametrize("is_shown_elsewhere", [False, True])
def test_what_is_looked_at_at_the_moment_of_the_switch_goes(dialog, file, is_shown_elsewhere):
    place, about = (DialogFactory(), dialog.person) if is_shown_elsewhere else (dialog, None)
    message = document(place, file, about=about)
    switching = threading.Thread(target=together, args=[lambda: (switch(dialog, keep=False), erase())])

    def while_it_is_stored(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "engine_fetchedmedia"'):
            switching.start()
            switching.join(0.5)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(while_it_is_stored):
        media.fetch(message, is_thumbnail=False)
    switching.join(10)

    assert not FetchedMedia.objects.exists()
