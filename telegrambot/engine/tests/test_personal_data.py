"""Traces that people leave in the engine outside their own chats, and how they go."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.db import connection
from django.utils import timezone

from telegrambot.accounts import erasure
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import farewells, outbox
from telegrambot.engine.models import (
    CommandMenu,
    Dialog,
    InboundUpdate,
    Message,
    OutgoingFile,
    ProcessedMessage,
)
from telegrambot.engine.replies import Reply
from telegrambot.engine.tests.factories import (
    BOT_ID,
    DialogFactory,
    InboundUpdateFactory,
    MessageFactory,
    ProcessedMessageFactory,
)

pytestmark = pytest.mark.django_db
TELEGRAM_ID = 4242
Status = InboundUpdate.Status


@pytest.fixture
def ann():
    return TelegramUserFactory(telegram_id=TELEGRAM_ID, username="ann_lee", first_name="Ann")


@pytest.fixture
def group():
    return DialogFactory(person=None, title="All", telegram_dialog_id="-100", type=Dialog.Type.GROUP)


def told(
    dialog: Dialog | None, sender: int, *, kind: str = "message", status=Status.DONE, **more
) -> InboundUpdate:
    body = {"from": {"id": sender}, "chat": {"id": -100}, "message_id": 7, **more}
    made: Any = InboundUpdateFactory(
        dialog=dialog, kind=kind, status=status, payload={"update_id": 1, kind: body}
    )
    return cast("InboundUpdate", made)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


# ── Updates ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query"])
@pytest.mark.parametrize("status", Status.values)
def test_what_they_did_in_a_group_goes(ann, group, kind, status):
    theirs = told(group, TELEGRAM_ID, kind=kind, status=status, text="marzipan")
    others = told(group, 4, kind=kind, status=status, text="liquorice")

    erasure.erase(ann)

    row = fresh(theirs)
    assert (row.payload, row.dialog, row.status, row.kind) == (None, None, Status.DONE, kind)
    assert fresh(others).payload == others.payload


def test_an_update_that_was_put_aside_goes_too(ann):
    aside = told(None, TELEGRAM_ID, status=Status.FAILED, text="marzipan\ufffd")

    erasure.erase(ann)

    assert fresh(aside).payload is None


@pytest.mark.parametrize(
    "more",
    [
        {"reply_to_message": {"from": {"id": TELEGRAM_ID}, "text": "marzipan"}},
        {"contact": {"user_id": TELEGRAM_ID, "first_name": "Ann"}},
        {"text": "Ask @Ann_Lee about it"},
        {"text": f"/grant {TELEGRAM_ID} admin"},
        {"new_chat_members": [{"id": TELEGRAM_ID, "first_name": "Ann"}]},
    ],
)
def test_what_names_them_goes_once_it_is_handled(ann, group, more):
    mention = told(group, 4, **more)

    erasure.erase(ann)

    assert fresh(mention).payload is None
    assert fresh(mention).dialog == group


def test_a_number_or_a_name_that_only_contains_theirs_stays(ann, group):
    other = told(group, 4, text=f"1{TELEGRAM_ID} and {TELEGRAM_ID}9 and @ann_leever")

    erasure.erase(ann)

    assert fresh(other).payload == other.payload


def test_what_still_has_to_be_handled_loses_the_quotation_only(ann, group):
    quoted = {"from": {"id": TELEGRAM_ID, "first_name": "Ann"}, "text": "marzipan"}
    waiting = told(group, 4, status=Status.PENDING, text="No!", reply_to_message=quoted)

    erasure.erase(ann)

    row = fresh(waiting)
    assert row.status == Status.PENDING
    assert row.payload["message"]["text"] == "No!"
    assert "reply_to_message" not in row.payload["message"]


def test_what_is_tried_again_meanwhile_keeps_all_but_the_quotation(ann, group):
    quoted = {"from": {"id": TELEGRAM_ID}, "text": "marzipan"}
    failed = told(group, 4, status=Status.FAILED, text="No!", reply_to_message=quoted)

    def just_before(execute, sql, params, many, context):
        if sql.startswith('UPDATE "engine_inboundupdate" SET "payload"'):
            InboundUpdate.objects.filter(pk=failed.pk, status=Status.FAILED).update(status=Status.PENDING)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(just_before):
        erasure.erase(ann)

    row = fresh(failed)
    assert row.status == Status.PENDING
    assert row.payload["message"]["text"] == "No!"
    assert "reply_to_message" not in row.payload["message"]


def test_marks_of_their_chat_go(ann):
    DialogFactory(person=ann)
    for key in (f"msg::{TELEGRAM_ID}:1", f"edit::{TELEGRAM_ID}:1:2", f"msg::{TELEGRAM_ID}0:1", "msg::-100:1"):
        ProcessedMessageFactory(message_id=key)

    erasure.erase(ann)

    kept = set(ProcessedMessage.objects.values_list("message_id", flat=True))
    assert kept == {f"msg::{TELEGRAM_ID}0:1", "msg::-100:1"}


# ── Chats and messages ────────────────────────────────────────────────────────────────────────────────────


def test_a_customers_chat_with_a_business_account_is_the_customers(ann):
    business = DialogFactory(
        person=None, title="Ann", telegram_dialog_id=str(TELEGRAM_ID), business_connection_id="b"
    )
    MessageFactory(dialog=business, text="marzipan")

    erasure.erase(ann)

    assert not Dialog.objects.exists()
    assert not Message.objects.exists()


def test_screens_and_commands_of_operators_that_name_them_are_emptied(ann):
    olga = DialogFactory(person=TelegramUserFactory(role=Role.OWNER))
    screen = MessageFactory(
        dialog=olga,
        text="<b>Ann</b>",
        payload={"buttons": [[{"text": "Ann", "data": f"accounts.person:{ann.pk}"}]]},
    )
    typed = MessageFactory(dialog=olga, text="/grant @ANN_LEE admin", direction=Message.Direction.INBOUND)
    other = MessageFactory(dialog=olga, text="/grant @ann_leever admin", direction=Message.Direction.INBOUND)

    erasure.erase(ann)

    assert (fresh(screen).text, fresh(screen).payload, fresh(screen).person) == ("", {}, olga.person)
    assert fresh(typed).text == ""
    assert fresh(other).text


def test_their_contact_card_that_somebody_passed_on_is_emptied(ann, group):
    def card(**contact) -> Message:
        made: Any = MessageFactory(
            dialog=group,
            person=None,
            direction="inbound",
            text="",
            message_type="contact",
            payload={"contact": {"phone_number": "+7912", "first_name": "Ann", **contact}},
        )
        return cast("Message", made)

    theirs, others, unknown = card(user_id=TELEGRAM_ID), card(user_id=4), card()

    erasure.erase(ann)

    assert fresh(theirs).payload == {}
    assert fresh(others).payload
    erasure.erase(TelegramUserFactory(telegram_id=None, username=""))
    assert fresh(unknown).payload


def test_without_a_telegram_id_or_a_username_nobody_else_is_meant(group):
    person = TelegramUserFactory(telegram_id=None, username="")
    MessageFactory(dialog=DialogFactory(person=person, telegram_dialog_id="x1"))
    other = told(group, 4, text="None and null and @")
    command = MessageFactory(
        dialog=group, person=None, text="/help None", direction=Message.Direction.INBOUND
    )

    erasure.erase(person)

    assert fresh(other).payload
    assert list(Message.objects.all()) == [command]


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────


def _file_of(*dialogs: Dialog) -> OutgoingFile:
    made = OutgoingFile.objects.create(name="a.pdf", content=b"a")
    for place, dialog in enumerate(dialogs):
        item = {"kind": "document", "file": str(made.pk)}
        MessageFactory(dialog=dialog, payload={"album": [item]} if place else {"media": item})
    return made


def test_files_made_for_them_go_and_shared_ones_stay(ann, monkeypatch):
    theirs, others = DialogFactory(person=ann), DialogFactory()
    own, shared, unsent = _file_of(theirs), _file_of(theirs, others), _file_of()
    kept = _file_of(theirs)
    monkeypatch.setattr(
        outbox, "_needed_files", [lambda: OutgoingFile.objects.filter(pk=kept.pk).values("pk")]
    )

    erasure.erase(ann)

    assert set(OutgoingFile.objects.all()) == {shared, unsent, kept}
    assert own not in OutgoingFile.objects.all()


# ── Farewells ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_farewell_leaves_from_a_chat_that_names_nobody(ann):
    dialog = DialogFactory(person=ann)

    farewells.say_farewell(dialog, Reply("All the best!"))
    farewells.say_farewell(dialog, Reply("Once more."))

    apart = Dialog.objects.get(platform=farewells.PLATFORM)
    assert (apart.person, apart.title, apart.bot_id) == (None, "", BOT_ID)
    assert apart.telegram_dialog_id == dialog.telegram_dialog_id
    assert apart.messages.filter(status=Message.Status.QUEUED, person=None).count() == 2


@pytest.mark.parametrize("status", ["queued", "sending"])
def test_it_is_kept_while_it_is_under_way(status):
    apart = DialogFactory(platform=farewells.PLATFORM, person=None, title="", telegram_dialog_id="4")
    MessageFactory(dialog=apart, person=None, status=status)

    farewells.forget_farewells(timestamp=int(timezone.now().timestamp()))

    assert Dialog.objects.get() == apart


@pytest.mark.parametrize("status", ["sent", "failed", "uncertain", "cancelled"])
def test_it_is_forgotten_once_it_is_settled(status):
    apart = DialogFactory(platform=farewells.PLATFORM, person=None, title="", telegram_dialog_id="4")
    MessageFactory(dialog=apart, person=None, status=status)
    other = DialogFactory()

    farewells.forget_farewells(timestamp=int(timezone.now().timestamp()))

    assert list(Dialog.objects.all()) == [other]
    assert not Message.objects.exists()


# ── Elsewhere ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_menu_of_their_chat_goes(ann):
    DialogFactory(person=ann, telegram_dialog_id=str(TELEGRAM_ID))
    CommandMenu.objects.create(scope=f"chat:{TELEGRAM_ID}", language="", digest="x")
    CommandMenu.objects.create(scope="chat:4", language="", digest="x")

    erasure.erase(ann)

    assert [menu.scope for menu in CommandMenu.objects.all()] == ["chat:4"]
