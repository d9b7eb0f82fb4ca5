"""Storing what Telegram sent: once, in order, whatever is in it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import intake
from telegrambot.engine.arrivals import Unreadable
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.tests.incoming import (
    drain,
    message,
    new_dispatcher,
    own_registry,
    person,
    said,
    store,
    together,
    update,
)

pytestmark = pytest.mark.django_db
Status = InboundUpdate.Status

UNSTORABLE = {
    "NUL": said("a\x00b", 601),
    "half a surrogate pair": said("a\ud83db", 601),
    "NUL in a name": said("x", 601, **{"from": person(601, first_name="A\x00")}),
    "NUL in a title": said("x", chat={"id": -601, "type": "group", "title": "A\x00"}),
    "half a pair in a key": update("odd\ud83d", message("x", 601)),
    "a date beyond time": said("x", 601, date=10**17),
    "infinity": said("x", 601, date=float("inf")),
    "a number without end": said("x", 601, odd=10**40),
    "no chat type": said("x", 601, chat={"id": 601}),
    "a string for a message": update("message", "hello"),
}


def test_an_update_becomes_a_person_a_dialog_a_line_of_history_and_work():
    assert store(said("Hello", 501, message_id=5, date=1_700_000_000)) == 1

    ann = TelegramUser.objects.get(telegram_id=501)
    dialog = Dialog.objects.get()
    assert (dialog.person, dialog.telegram_dialog_id, dialog.type) == (ann, "501", Dialog.Type.PRIVATE)
    kept = InboundUpdate.objects.get()
    assert (kept.status, kept.dialog, kept.kind, kept.attempts) == (Status.PENDING, dialog, "message", 0)
    line = Message.objects.get()
    assert (line.text, line.person, line.direction, line.status) == ("Hello", ann, "inbound", "delivered")
    assert (line.external_message_id, line.origin) == ("5", f"update:{kept.pk}")
    assert line.timestamp.timestamp() == 1_700_000_000


@pytest.mark.parametrize(
    "text",
    [
        "x" * 4096,
        "👩‍👩‍👧‍👦" * 100,
        "שלום עולם \u200f\u202bمرحبا",
        "line\nbreak\ttab",
        "%s %(x)s {0} \\u0000",
        "'; DROP TABLE x; --",
    ],
)
def test_any_text_is_kept_as_it_was_typed(text):
    store(said(text))
    assert Message.objects.get().text == text
    assert InboundUpdate.objects.get().payload["message"]["text"] == text


@pytest.mark.parametrize("bad", UNSTORABLE.values(), ids=UNSTORABLE.keys())
def test_what_cannot_be_stored_is_put_aside_and_holds_up_nobody(bad, caplog):
    store(said("before", 501), bad, said("after", 502))

    aside = InboundUpdate.objects.get(update_id=bad["update_id"])
    assert (aside.status, aside.dialog) == (Status.FAILED, None)
    assert aside.error
    assert aside.payload["update_id"] == bad["update_id"]
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["before", "after"]
    assert InboundUpdate.objects.filter(status=Status.PENDING).count() == 2
    assert f"Update {bad['update_id']} was put aside" in caplog.text


def test_it_is_put_aside_once(caplog):
    bad = said("a\x00b")
    assert store(bad) == 1
    assert store(bad) == 0
    assert InboundUpdate.objects.count() == 1


def test_what_is_nested_without_end_is_put_aside_shortened():
    deep: list = ["bottom"]
    for _ in range(2_000):
        deep = [deep]

    store(said("x", odd=deep), said("after"))

    assert InboundUpdate.objects.filter(status=Status.FAILED).count() == 1
    assert Message.objects.get().text == "after"


def test_neither_the_error_nor_the_log_quotes_the_person(caplog):
    store(said("my darkest secret\x00"), said("my darkest secret", message_id="my darkest secret"))

    assert not InboundUpdate.objects.filter(error__contains="darkest").exists()
    assert InboundUpdate.objects.exclude(error="").count() == 2
    assert "darkest" not in caplog.text


def test_a_secret_link_is_hashed_in_every_table(monkeypatch):
    own_registry(monkeypatch).deep_link("hush_", secret=True)(lambda request, value: None)
    code = "Zq3-secret_code"

    store(
        said(f"/start hush_{code}"),
        said("it fails", reply_to_message=message(f"/start hush_{code}")),
        update("edited_message", message(f"/start hush_{code}", edit_date=1)),
        said(f"/start hush_{code}\x00"),
        said(f"/start hush_{code}", chat={"id": 501}),
    )
    drain(new_dispatcher())

    assert InboundUpdate.objects.count() == 5
    hashed = hashlib.sha256(code.encode()).hexdigest()
    everything = ""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT coalesce(json_agg(t)::text, '') FROM \"{table}\" AS t")
            everything += cursor.fetchone()[0]
    assert code not in everything
    assert hashed in everything


def test_a_batch_without_a_number_is_refused():
    with pytest.raises(Unreadable):
        store({"message": message()})


@pytest.mark.parametrize(
    "strange",
    [
        {"poll_answer": {"poll_id": "1", "user": person(), "option_ids": []}},
        {"next_years_kind": {"anything": [1]}},
        {},
    ],
)
def test_an_update_without_a_chat_is_kept_and_closed(strange):
    assert store({"update_id": 5, **strange}) == 1

    kept = InboundUpdate.objects.get()
    assert (kept.status, kept.dialog) == (Status.DONE, None)
    assert kept.processed_at is not None


# ── Exactly once ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_update_again_is_nothing_new():
    first = said("Hello")
    assert store(first, first) == 1
    assert store(first) == 0
    assert InboundUpdate.objects.count() == Message.objects.count() == 1


def test_the_same_message_under_another_number_is_one_line_of_history():
    body = message("Hello")
    assert store(update("message", body), update("message", body)) == 2
    assert Message.objects.count() == 1


def test_one_chat_id_is_three_chats_with_the_bot_and_two_business_accounts():
    body = message("Hello", message_id=5)
    store(
        update("message", body),
        update("business_message", body | {"business_connection_id": "a"}),
        update("business_message", body | {"business_connection_id": "b"}),
    )
    assert Dialog.objects.count() == Message.objects.count() == 3


def business(sender: int, text: str) -> dict[str, Any]:
    """What somebody says in the chat of customer 777 with a business account."""
    chat = {"id": 777, "type": "private", "first_name": "Cass"}
    return update("business_message", message(text, sender, chat=chat, business_connection_id="b"))


def test_a_chat_in_which_the_accounts_owner_wrote_first_learns_its_person():
    store(business(888, "Hello dear customer"))
    assert Dialog.objects.get().person is None
    store(business(777, "Hello"))

    customer = TelegramUser.objects.get(telegram_id=777)
    assert Dialog.objects.get().person == customer
    store(business(888, "What can I do for you?"))
    assert Message.objects.latest("pk").person == customer


@pytest.mark.django_db(transaction=True)
def test_it_learns_its_person_later_when_somebody_is_at_it():
    store(business(888, "Hello dear customer"))
    with transaction.atomic():
        Dialog.objects.select_for_update(no_key=True).get()
        together(lambda: store(business(777, "Hello")))
    assert Dialog.objects.get().person is None

    store(business(777, "Are you there?"))
    assert Dialog.objects.get().person is not None


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_from_two_processes_is_stored_once():
    batch = [said(f"text {number}", 600 + number % 7) for number in range(60)]

    assert sum(together(lambda: store(*batch), lambda: store(*batch), lambda: store(*batch))) == 60

    assert InboundUpdate.objects.count() == Message.objects.count() == 60
    assert Dialog.objects.count() == TelegramUser.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_keys_commit_in_the_order_they_are_given():
    """A reader never sees a key and later a smaller one: the roll-ups' high-water mark relies on it."""
    batches = [
        [said(f"{who}.{n}\x00" if n == 3 else f"{who}.{n}", 600 + who) for n in range(6)] for who in range(8)
    ]
    seen: list[int] = []
    late: list[int] = []

    def watch() -> None:
        while len(seen) < 48:
            keys = InboundUpdate.objects.order_by("pk").values_list("pk", flat=True)
            for key in set(keys) - set(seen):
                if seen and key < max(highest):
                    late.append(key)
            highest.append(max([*keys, 0]))
            seen[:] = keys

    highest = [0]
    together(watch, *(lambda batch=batch: [store(one) for one in batch] for batch in batches))

    assert InboundUpdate.objects.count() == 48
    assert late == []


@pytest.mark.django_db(transaction=True)
def test_intake_waits_for_nobody_who_holds_a_person_or_a_dialog():
    store(said("Hello", 501))
    with transaction.atomic():
        TelegramUser.objects.select_for_update(no_key=True).get()
        Dialog.objects.select_for_update(no_key=True).get()
        TelegramUser.objects.update(first_name="Held")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")

        def arrive() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            return store(said("again", 501, **{"from": person(501, first_name="New")}), said("Hi", 502))

        assert together(arrive) == [2]

    assert TelegramUser.objects.get(telegram_id=501).first_name == "Held"
    store(said("a third time", 501, **{"from": person(501, first_name="New")}))
    assert TelegramUser.objects.get(telegram_id=501).first_name == "New"


@pytest.mark.django_db(transaction=True)
def test_a_database_in_trouble_stores_nothing_and_says_so():
    def fail(execute, sql, params, many, context):
        if "engine_inboundupdate" in sql:
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    batch = [said("one"), said("two", 502)]
    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        store(*batch)

    assert not any(model.objects.exists() for model in (TelegramUser, Dialog, Message, InboundUpdate))
    assert store(*batch) == 2


@pytest.mark.django_db(transaction=True)
def test_dispatch_is_woken_by_the_commit():
    listener = connection.copy()
    heard: list = []
    with listener.cursor() as cursor:
        cursor.execute("LISTEN engine_updates")
        listener.connection.add_notify_handler(heard.append)
        store(said("Hello"))
        cursor.execute("SELECT 1")
    listener.close()

    assert [notice.channel for notice in heard] == ["engine_updates"]


# ── Cost ──────────────────────────────────────────────────────────────────────────────────────────────────


def _statements(*batch) -> int:
    with CaptureQueriesContext(connection) as queries:
        store(*batch)
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_a_batch_costs_as_many_statements_as_one_update():
    TelegramUserFactory(telegram_id=700)
    one = _statements(said("x", 700))
    hundred = _statements(*(said("x", 700 + number) for number in range(100)))

    assert one == hundred <= 7
    assert InboundUpdate.objects.count() == 101


def test_the_bot_asks_telegram_only_for_kinds_it_handles():
    assert "message" in intake.ALLOWED_UPDATES
    assert "my_chat_member" in intake.ALLOWED_UPDATES
    assert "message_reaction" not in intake.ALLOWED_UPDATES
