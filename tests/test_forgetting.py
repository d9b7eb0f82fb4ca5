"""Somebody who used everything says /forgetme: a dump of the whole database knows nothing of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from audit.context import SYSTEM, acting
from audit.models import EventLog
from telegrambot.accounts.bot.deliveries import send_own_data
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tasks import erase_person
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.broadcasts import fan_out
from telegrambot.broadcasts import services as broadcasts
from telegrambot.broadcasts.models import BroadcastClick
from telegrambot.broadcasts.tests.factories import BroadcastFactory
from telegrambot.engine import farewells, intake, outbox
from telegrambot.engine.chat import Reply
from telegrambot.engine.models import (
    BotIdentity,
    Dialog,
    FetchedMedia,
    InboundUpdate,
    Message,
    OutgoingFile,
    Priority,
)
from telegrambot.engine.testing import BOT_ID, ChatClient
from telegrambot.guides import services as guides
from telegrambot.guides.tests.factories import GuideFactory

pytestmark = pytest.mark.django_db

TELEGRAM_ID = 777_123_456_789
FIRST, LAST, USERNAME = "Wilhelmina", "Quackenbush", "willa_quack"
# One word of each thing they said: no other text has it.
WORDS = {
    "text": "marzipan",
    "edited": "nougat",
    "caption": "praline",
    "file": "truffle",
    "group": "caramel",
    "group_edit": "fondant",
    "quoted": "ganache",
    "answer": "toffee",
    "state": "butterscotch",
}
WORD_OF_OTHERS = "liquorice"
TRACES = [*WORDS.values(), FIRST, LAST, USERNAME, str(TELEGRAM_ID)]


def dump() -> dict[str, str]:
    """Every table's rows as COPY writes them."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            with connection.connection.cursor().copy(f"COPY {table} TO STDOUT") as rows:
                # What COPY escapes, and bytes as it writes them.
                found[table] = b"".join(bytes(piece) for piece in rows).decode()
    return found


def traces() -> set[tuple[str, str]]:
    """Which words of theirs are in which table, as text or as bytes."""
    return {
        (table, word)
        for table, rows in dump().items()
        for word in TRACES
        if word.lower() in rows.lower() or word.encode().hex() in rows
    }


def tables_with_traces() -> set[str]:
    return {table.removeprefix("public.") for table, _word in traces()}


@pytest.fixture
def owner():
    return TelegramUserFactory(role=Role.OWNER, first_name="Olga", last_name="", username="olga")


@pytest.fixture
def willa():
    return Willa()


class Willa:
    """Somebody who writes to the bot, in private and in a group."""

    def __init__(self) -> None:
        self.chat = ChatClient(telegram_id=TELEGRAM_ID)
        self.chat._user |= {"first_name": FIRST, "last_name": LAST, "username": USERNAME}
        self.chat.send("/start")

    @property
    def row(self) -> TelegramUser:
        return TelegramUser.objects.get(telegram_id=TELEGRAM_ID)

    @property
    def dialog(self) -> Dialog:
        return Dialog.objects.get(person=self.row)

    def said(self, **more):
        return self.chat._message() | more

    def in_group(self, kind: str = "message", **more):
        chat = {"id": -100_555, "type": "supergroup", "title": "Sweet tooths"}
        self.chat.offer(kind, self.said() | {"chat": chat} | more)


def uses_everything(willa: Willa, owner: TelegramUser) -> None:
    """Text, edits, media with captions, groups, guides, broadcasts, answers, notices, screens about them."""
    operator = ChatClient(owner)
    operator.send("/start")
    chat = willa.chat

    # What they say, and change.
    first = willa.said(text=f"I like {WORDS['text']}", entities=[])
    chat.offer("message", first)
    chat.offer(
        "edited_message", first | {"text": f"I like {WORDS['edited']}", "edit_date": first["date"] + 5}
    )
    photo = [{"file_id": f"id-{WORDS['file']}", "file_unique_id": "u", "width": 9, "height": 9}]
    chat.offer("message", willa.said(photo=photo, caption=f"This is {WORDS['caption']}"))
    pictured = Message.objects.get(message_type="photo")
    FetchedMedia.objects.create(
        message=pictured, is_thumbnail=False, content_type="image/png", content=WORDS["file"].encode()
    )
    willa.in_group(text=f"Who likes {WORDS['group']}?")
    willa.in_group("edited_message", text=f"Who likes {WORDS['group_edit']}?", edit_date=first["date"] + 9)

    # What others do with it.
    other = ChatClient(TelegramUserFactory(first_name="Otto"))
    group = {"id": -100_555, "type": "supergroup", "title": "Sweet tooths"}
    quoting = {"reply_to_message": willa.said(text=f"Who likes {WORDS['group']}?", chat=group), "chat": group}
    other.offer("message", other._message() | quoting | {"text": f"I prefer {WORD_OF_OTHERS}"})

    # Guides.
    guide = GuideFactory(title="Tempering chocolate")
    guides.save_guide(guide.pk, actor=willa.row)
    guides.open_guide(guide.pk, actor=willa.row)

    # A broadcast, sent, with a press and an opt-out, and one that waits.
    BotIdentity.objects.get_or_create(
        pk=1, defaults={"bot_id": BOT_ID, "username": "test_bot", "is_sandbox": True}
    )
    sent: Any = BroadcastFactory(title="Easter", message_text="Hello, {first_name|friend}!")
    broadcasts.start(sent, actor=owner)
    fan_out.advance(sent.pk)
    chat.send("Thanks")
    BroadcastClick.objects.create(broadcast=sent, person=willa.row, button=0)
    chat.send("/stop")
    chat.send("/resume")
    waiting = BroadcastFactory(title="Whitsun", message_text="Hello again, {first_name|friend}!")
    broadcasts.start(waiting, actor=owner)
    fan_out.advance(waiting.pk)

    # What they are told.
    outbox.say(
        Reply(f"{FIRST}, we have {WORDS['answer']}"),
        dialog_id=willa.dialog.pk,
        person_id=willa.row.pk,
        priority=Priority.APPROVED_REPLY,
        origin="test",
        key="answer",
    )
    notice = outbox.say(
        Reply(f"{FIRST} {LAST} asks: {WORDS['quoted']}"),
        dialog_id=Dialog.objects.get(person=owner).pk,
        person_id=owner.pk,
        priority=Priority.NOTICE,
        origin="test",
        key="notice",
    )
    Message.objects.filter(pk__in=notice).update(about=willa.row)
    operator.send(f"/users @{USERNAME}")
    operator.press("Subscriber")
    Dialog.objects.filter(pk=willa.dialog.pk).update(state={"data": {"draft": WORDS["state"]}})


def forget(willa: Willa):
    """Say /forgetme, type the word, and let the job run."""
    key = willa.row.pk
    willa.chat.send("/forgetme")
    screen = willa.chat.send("FORGET")
    run_jobs()
    return key, screen


def run_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        jobs = cursor.fetchall()
        cursor.execute("DELETE FROM procrastinate_jobs")  # done ones are deleted
    for name, arguments in jobs:
        for task in (erase_person, send_own_data):
            if task.name == name:
                given = json.loads(arguments) if isinstance(arguments, str) else arguments
                with acting(user_id=given.get("actor_id", SYSTEM)):  # as the worker does
                    task(**given)


def test_the_dump_finds_what_is_there(willa, owner):
    uses_everything(willa, owner)

    assert {word for _table, word in traces()} == set(TRACES)
    assert {"accounts_telegramuser", "engine_dialog", "engine_message", "engine_inboundupdate"} <= (
        tables_with_traces()
    )


def test_nothing_of_theirs_is_left(willa, owner):
    uses_everything(willa, owner)
    before = TelegramUser.objects.count()

    key, screen = forget(willa)

    assert "forgetting you" in screen.text
    farewells.forget_farewells(timestamp=0)
    assert traces() == set()
    assert TelegramUser.objects.count() == before - 1
    erased = EventLog.objects.get(action="accounts.person.erased")
    assert (erased.entity_id, erased.user_id, erased.details) == (str(key), str(key), {})


def test_until_the_farewell_has_left_only_their_number_is_kept(willa, owner):
    uses_everything(willa, owner)

    forget(willa)

    assert traces() == {("public.engine_dialog", str(TELEGRAM_ID))}
    farewell = Dialog.objects.get(platform=farewells.PLATFORM)
    assert (farewell.person, farewell.title, farewell.messages.count()) == (None, "", 1)


def test_a_farewell_that_waits_is_waited_for(willa):
    willa.chat.send("/forgetme")
    willa.chat.send("FORGET")
    Message.objects.filter(dialog__platform=farewells.PLATFORM).update(status=Message.Status.QUEUED)
    run_jobs()

    farewells.forget_farewells(timestamp=0)

    assert Message.objects.get().status == Message.Status.QUEUED
    Message.objects.update(status=Message.Status.SENT)
    farewells.forget_farewells(timestamp=0)
    assert traces() == set()


def test_whoever_comes_back_is_a_stranger(willa, owner):
    uses_everything(willa, owner)
    key, _screen = forget(willa)

    screen = willa.chat.send("/start")

    assert FIRST in screen.text
    assert willa.row.pk != key
    assert willa.dialog.state == {}
    assert Message.objects.filter(person=willa.row, direction=Message.Direction.INBOUND).count() == 1


def test_what_others_said_stays(willa, owner):
    uses_everything(willa, owner)
    in_group = Message.objects.filter(dialog__type=Dialog.Type.GROUP)
    before = in_group.count()

    forget(willa)

    assert in_group.count() == before
    assert [text for text in in_group.order_by("pk").values_list("text", flat=True) if text] == [
        f"I prefer {WORD_OF_OTHERS}"
    ]
    assert in_group.get(person__first_name="Otto").text


@pytest.mark.parametrize("text", ["FORGET me", "yes", "/help", "forge"])
def test_another_word_erases_nothing(willa, text):
    willa.chat.send("/forgetme")

    willa.chat.send(text)
    run_jobs()

    assert willa.row.first_name == FIRST
    assert not EventLog.objects.filter(action="accounts.person.erased").exists()


def test_an_update_offered_again_brings_nobody_back(willa):
    updates = list(InboundUpdate.objects.values_list("payload", flat=True))
    forget(willa)
    farewells.forget_farewells(timestamp=0)

    intake.store(updates, bot_id=BOT_ID, source=InboundUpdate.Source.SANDBOX)

    assert traces() == set()


def test_the_copy_of_their_data_goes_too(willa):
    willa.chat.send("/mydata")
    run_jobs()
    assert OutgoingFile.objects.count() == 2

    forget(willa)

    assert not OutgoingFile.objects.exists()


def test_the_log_never_had_a_word_of_theirs(willa, owner):
    uses_everything(willa, owner)
    willa.chat.send("/mydata")
    forget(willa)

    assert EventLog.objects.count() > 10
    assert not tables_with_traces() & {"audit_eventlog", "audit_seal", "audit_sealedevent"}
