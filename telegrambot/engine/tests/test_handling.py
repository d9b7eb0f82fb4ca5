"""One update answered: who may, what the reply becomes, what the chat is in the middle of."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import get_language

from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import handling
from telegrambot.engine.chat import Button, Reply
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.routing import registry as program
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.incoming import message, open_command, own_registry

pytestmark = pytest.mark.django_db


class Occupied(DomainError):
    """The name <{name}> is taken."""


@pytest.fixture
def views(monkeypatch):
    registry = own_registry(monkeypatch)
    registry.fallbacks.clear()  # the engine alone
    return registry


@pytest.fixture
def client():
    return ChatClient(TelegramUserFactory(telegram_id=501))


def befriend(request):
    TelegramUser.objects.filter(pk=request.person.pk).update(is_friend=True)


def is_friend() -> bool:
    return TelegramUser.objects.get(telegram_id=501).is_friend


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────

LOCKED = [
    (name, role)
    for name, route in sorted(program.commands.items())
    for role in (Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN)
    if role < route.role
]


@pytest.mark.parametrize(("name", "role"), LOCKED)
def test_a_command_of_a_higher_role_is_refused_politely(name, role, monkeypatch):
    ran = []
    views = own_registry(monkeypatch)
    route = views.commands[name]
    views.commands[name] = handling.Match(route).route.__class__(
        **{key: getattr(route, key) for key in route.__slots__} | {"view": ran.append}
    )
    screen = ChatClient(TelegramUserFactory(role=role)).send(f"/{name} @someone")

    assert screen.texts == ["This is not available to you. /help shows what is."]
    assert ran == []


def test_there_are_commands_of_higher_roles():
    assert {("grant", Role.ADMIN), ("stats", Role.SUBSCRIBER)} <= set(LOCKED)


def test_the_catalogue_may_demand_more_and_switch_off(views, client):
    row = open_command("extra")
    views.command("extra", description="")(lambda request: Reply("ran"))
    assert client.send("/extra").text == "ran"

    row.minimum_role = Role.ADMIN
    row.save()
    assert "not available" in client.send("/extra").text
    row.minimum_role, row.is_active = Role.PUBLIC, False
    row.save()
    assert "not available" in client.send("/extra").text


def test_a_command_without_a_row_is_closed(views, client):
    views.command("extra", description="")(lambda request: Reply("ran"))
    assert "not available" in client.send("/extra").text


def test_a_role_is_checked_again_at_every_press(views):
    admin = TelegramUserFactory(telegram_id=501, role=Role.ADMIN)
    client = ChatClient(admin)
    row = open_command("extra", Role.ADMIN)

    def tap(request):
        befriend(request)
        return Reply("tapped")

    views.button(role=Role.ADMIN, command="extra")(tap)
    views.command("extra", description="", role=Role.ADMIN)(
        lambda request: Reply("x", [[Button("tap", tap)]])
    )
    client.send("/extra")
    TelegramUser.objects.update(role=Role.PUBLIC)

    screen = client.press("tap")

    assert screen.toast == "This is not available to you. /help shows what is."
    assert (screen.texts, is_friend()) == ([], False)
    TelegramUser.objects.update(role=Role.ADMIN)
    row.is_active = False
    row.save()
    assert client.press("tap").toast
    assert not is_friend()


def test_an_inactive_person_gets_no_answer():
    client = ChatClient(TelegramUserFactory(is_active=False))
    assert client.send("/start").texts == []
    assert not Message.objects.filter(direction="outbound").exists()


@pytest.mark.parametrize(
    "data", ["engine.run_command:health", "engine.show_help:999", "x" * 5_000, "a\x00b", "::"]
)
def test_forged_data_presses_nothing(client, data):
    client.send("/start")
    shown = Message.objects.get(direction="outbound")
    screen = client.press_data(data, shown.external_message_id)

    assert screen.texts == []
    assert not screen.edited
    assert screen.toast == ("" if "\x00" in data else "That button is no longer valid.")


def test_a_button_of_anothers_chat_cannot_be_pressed(client):
    other = ChatClient(telegram_id=777)
    other.send("/start")
    theirs = Message.objects.get(direction="outbound")
    client.send("hello")

    assert client.press_data("engine.show_help", theirs.external_message_id).toast


def test_a_button_of_a_program_that_changed_is_stale(views, client):
    client.send("/start")
    del views.buttons["engine.show_help"]
    assert client.press("What can you do?").toast == "That button is no longer valid."


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.SUBSCRIBER])
def test_a_phrase_of_a_higher_role_is_a_text_like_any_other(views, role):
    ran = []
    views.phrase("what melted.*", role=Role.ADMIN)(lambda request: ran.append(request))
    views.phrase("what (?P<thing>.*)")(lambda request, thing: Reply(f"who knows what {thing}"))

    assert ChatClient(TelegramUserFactory(role=role)).send("What melted?").text == "who knows what melted?"
    assert ran == []
    ChatClient(TelegramUserFactory(role=Role.ADMIN)).send("What melted?")
    assert len(ran) == 1


def test_a_phrase_of_a_command_that_is_switched_off_is_a_text_like_any_other(views, client):
    row = open_command("extra")
    views.phrase("extra", command="extra")(lambda request: Reply("ran"))
    assert client.send("extra").text == "ran"

    row.is_active = False
    row.save()
    assert "did not understand" in client.send("extra").text


# ── What the view did ─────────────────────────────────────────────────────────────────────────────────────


def test_a_domain_error_is_an_answer_and_takes_back_what_the_view_wrote(views, client):
    def refuse(request):
        befriend(request)
        raise Occupied(name="b")

    views.phrase("refuse")(refuse)
    screen = client.send("refuse")

    assert screen.html == ["The name &lt;b&gt; is taken."]
    assert not is_friend()


def test_a_domain_error_after_a_press_is_an_alert(views, client):
    def refuse(request):
        raise Occupied(name="b")

    views.button()(refuse)
    views.phrase("show")(lambda request: Reply("x", [[Button("go", refuse)]]))
    client.send("show")

    screen = client.press("go")

    assert (screen.alert, screen.texts) == ("The name <b> is taken.", [])


def test_a_view_that_reads_sets_no_savepoint_of_its_own(views, client):
    views.phrase("read")(lambda request: Reply(str(TelegramUser.objects.count())))
    views.phrase("write")(befriend)

    def savepoints(text):
        with CaptureQueriesContext(connection) as queries:
            client.send(text)
        return len([query for query in queries if query["sql"].startswith("SAVEPOINT")])

    assert savepoints("write") == savepoints("read") + 1


@pytest.mark.parametrize(
    ("said", "html"),
    [
        ({}, "a &lt;b&gt; &amp; c"),
        ({"entities": [{"type": "bold", "offset": 0, "length": 1}]}, "<b>a</b> &lt;b&gt; &amp; c"),
        (
            {
                "text": None,
                "caption": "a",
                "photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}],
                "caption_entities": [{"type": "italic", "offset": 0, "length": 1}],
            },
            "<i>a</i>",
        ),
    ],
)
def test_a_view_can_have_the_formatting_that_somebody_gave_their_text(views, client, said, html):
    seen = []
    views.fallback(lambda request: seen.append(request.html))
    client.offer("message", message("a <b> & c") | said)
    assert seen == [html]


def test_a_press_has_no_text(views, client):
    seen = []

    def go(request):
        seen.append((request.text, request.html))

    views.button()(go)
    views.phrase("show")(lambda request: Reply("x", [[Button("go", go)]]))
    client.send("show")
    client.press("go")
    assert seen == [("", "")]


def test_a_toast_without_a_press_is_said(views, client):
    kept = Reply("Saved", toast="<now>")
    views.phrase("save")(lambda request: kept)

    assert client.send("save").html == ["Saved\n\n&lt;now&gt;"]
    assert client.send("save").html == ["Saved\n\n&lt;now&gt;"]


def test_a_toast_after_a_press_is_shown_over_the_chat_and_cut(views, client):
    def tap(request):
        return Reply(alert="x" * 300)

    views.button()(tap)
    views.phrase("show")(lambda request: Reply("x", [[Button("go", tap)]]))
    client.send("show")

    screen = client.press("go")
    assert (screen.alert, screen.texts) == ("x" * 200, [])


def test_a_press_edits_unless_the_reply_is_new(views, client):
    def tap(request, mode: str):
        return Reply(mode, new=mode == "new")

    views.button()(tap)
    views.phrase("show")(lambda request: Reply("x", [[Button(mode, tap, mode) for mode in ("edit", "new")]]))
    client.send("show")
    assert client.press("new").edited is False
    assert client.press("edit").edited is True


def test_nothing_is_an_answer_too(views, client):
    views.phrase("quiet")(lambda request: None)
    assert client.send("quiet").texts == []


def test_the_view_knows_who_where_and_when(views, client):
    seen = []
    views.phrase("who.*")(lambda request: seen.append(request))
    client.send(" who am I? ")

    request = seen[0]
    assert (request.person.telegram_id, request.dialog.telegram_dialog_id) == (501, "501")
    assert (request.text, request.rest, request.is_button, request.data) == (" who am I? ", "", False, {})
    assert abs((timezone.now() - request.sent_at).total_seconds()) < 5
    assert Message.objects.get().origin == f"update:{request.update_key}"


@pytest.mark.parametrize(
    ("code", "spoken"), [("ru", "ru"), ("ru-RU", "ru"), ("en", "en"), ("de", "en"), ("", "en")]
)
def test_a_view_runs_in_the_persons_language_and_time_zone(views, code, spoken):
    seen = []
    views.phrase("x")(lambda request: seen.append((get_language(), timezone.get_current_timezone_name())))
    person = TelegramUserFactory(language_code=code, timezone="Asia/Almaty")
    before = get_language(), timezone.get_current_timezone_name()

    ChatClient(person).send("x")

    assert seen == [(spoken, "Asia/Almaty")]
    assert (get_language(), timezone.get_current_timezone_name()) == before


def test_a_time_zone_that_this_machine_does_not_know_stops_nobody(views):
    views.phrase("x")(lambda request: Reply(timezone.get_current_timezone_name()))
    person = TelegramUserFactory(timezone="Mars/Base")
    assert ChatClient(person).send("x").text == timezone.get_default_timezone_name()


def test_a_slow_view_is_logged_without_what_was_said(views, client, monkeypatch, caplog):
    monkeypatch.setattr(handling, "SLOW_VIEW_SECONDS", 0.01)
    views.phrase("slow .*")(lambda request: time.sleep(0.02))
    with caplog.at_level(logging.WARNING):
        client.send("slow secret")
    assert "slow work belongs into a task" in caplog.text
    assert "secret" not in caplog.text


# ── What an app's answers have in common ──────────────────────────────────────────────────────────────────


@pytest.fixture
def framed(views):
    def frame(request, reply):
        friends = TelegramUser.objects.filter(is_friend=True).count()
        return replace(
            reply,
            **{name: f"{friends}: {told}" for name in ("text", "alert") if (told := getattr(reply, name))},
        )

    views.frame(frame)
    return views


def test_every_answer_of_an_app_passes_through_its_frame(framed, client):
    def tap(request, mode: str):
        befriend(request)
        if mode == "fail":
            raise Occupied(name="b")
        return Reply("tapped") if mode == "tap" else None

    def ask(request):
        befriend(request)
        if request.text == "bad":
            raise Occupied(name="b")
        return Reply("good")

    framed.button()(tap)
    framed.answer()(ask)
    buttons = [[Button(mode, tap, mode) for mode in ("tap", "fail", "none")]]
    framed.phrase("show")(lambda request: Reply("x", buttons, ask=ask))

    assert client.send("show").text == "0: x"
    assert client.press("fail").alert == "0: The name <b> is taken."
    assert client.send("bad").text == "0: The name <b> is taken."  # what the view wrote is taken back first
    assert client.send("good").text == "1: good"  # a refused answer may be given again, framed or not
    assert client.press("none").texts == []
    assert client.press("tap").text == "1: tapped"


def test_a_frame_shapes_nothing_of_others(framed, client):
    open_command("extra")
    framed.command("extra", description="An extra")(lambda request: Reply("ran"))

    assert client.send("/start").text.startswith("Hello")
    client.send("/help")
    client.press("›")
    assert client.send("/extra").text == "0: ran"
    assert "not available" in client.send("/grant").text


def test_a_command_run_from_help_is_framed_too_and_its_error_is_an_answer(framed, client):
    def refuse(request):
        befriend(request)
        raise Occupied(name="b")

    open_command("aaa")
    framed.command("aaa", description="")(refuse)
    client.send("/help")

    assert client.press("Does something").alert == "0: The name <b> is taken."
    assert not is_friend()


# ── What the chat is in the middle of ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def asking(views):
    def hear(request):
        if request.text == "bad":
            raise Occupied(name="bad")
        return Reply(f"{request.data['question']}: {request.text}")

    def look(request):
        return Reply(f"a file: {request.has_file}")

    views.answer()(hear)
    views.answer(takes_files=True)(look)
    views.phrase("ask")(lambda request: Reply("How old?", ask=hear, data={"question": "age"}))
    views.phrase("show me")(lambda request: Reply("What is it?", ask=look))
    return views


def send_photo(client: ChatClient, **more: Any) -> str:
    photo = {"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}
    return client.offer("message", client._message() | {"photo": [photo]} | more).text


def state() -> dict:
    return Dialog.objects.get().state


def test_an_answer_reaches_whoever_asked_also_after_a_restart(asking, client):
    person = TelegramUser.objects.get(telegram_id=501)
    client.send("ask")
    assert state()["data"] == {"question": "age"}

    assert ChatClient(person).send("ask").text == "age: ask"  # asked goes before phrases
    assert state() == {}
    assert "did not understand" in client.send("42").text


def test_a_refused_answer_may_be_given_again(asking, client):
    client.send("ask")
    assert client.send("bad").text == "The name <bad> is taken."
    assert client.send("42").text == "age: 42"


def test_what_has_no_words_is_no_answer_and_the_question_stays(asking, client):
    client.send("ask")
    assert send_photo(client) == "There are no words in that. Please send me a text, or /cancel."
    assert send_photo(client, caption="42") == "age: 42"


def test_a_question_may_be_about_a_file(asking, client):
    client.send("show me")
    assert send_photo(client) == "a file: True"


def test_other_commands_leave_the_question_open(asking, client):
    client.send("ask")
    assert "/help" in client.send("/help").text
    assert "do not know that command" in client.send("/nothing").text
    assert client.send("42").text == "age: 42"


def test_cancel_and_a_reply_that_leaves_close_it(asking, client):
    asking.phrase("other")(lambda request: Reply("x", leaves=True))
    client.send("ask")
    assert client.send("/cancel").text == "Cancelled."
    assert state() == {}
    assert "nothing to cancel" in client.send("/cancel").text
    client.send("ask")
    client.send("/start")
    assert state() == {}


def test_one_chat_is_not_in_the_middle_of_anothers_question(asking, client):
    client.send("ask")
    assert "did not understand" in ChatClient(telegram_id=888).send("42").text
    assert client.send("42").text == "age: 42"
