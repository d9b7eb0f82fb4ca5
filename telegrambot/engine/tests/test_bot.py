"""What the bot itself answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telegrambot.accounts.models import BotCommand, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine import health
from telegrambot.engine.chat import Reply
from telegrambot.engine.models import Heartbeat, InboundUpdate, Message
from telegrambot.engine.testing import ChatClient
from telegrambot.engine.tests.factories import DialogFactory, InboundUpdateFactory, MessageFactory
from telegrambot.engine.tests.incoming import own_registry

pytestmark = pytest.mark.django_db
OPEN_TO = {
    Role.PUBLIC: {"start", "help", "menu", "cancel", "language", "settings", "stop", "resume"},
    Role.ADMIN: {"stats"},
    Role.OWNER: {"health", "users", "grant", "revoke"},
}


@pytest.fixture
def owner():
    return ChatClient(TelegramUserFactory(role=Role.OWNER, first_name="Olga <b>"))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "command", ["/start", "/help", "/menu", "/cancel", "/stats", "/health", "/nothing", "text"]
)
def test_everything_is_answered_in_both_languages(command, language):
    client = ChatClient(TelegramUserFactory(role=Role.OWNER, language_code=language))
    screen = client.send(command)
    assert len(screen.texts) == 1
    assert screen.text
    assert not InboundUpdate.objects.exclude(status="done").exists()


def test_the_greeting_names_the_person_safely(owner):
    screen = owner.send("/start")
    assert "Olga &lt;b&gt;!" in screen.html[0]


@pytest.mark.parametrize("role", Role)
def test_help_lists_what_the_role_may_use_and_nothing_else(role):
    listed = ChatClient(TelegramUserFactory(role=role)).send("/help").text
    for needed, commands in OPEN_TO.items():
        for command in commands:
            assert (f"/{command} " in listed) == (role >= needed)


def test_help_follows_the_catalogue(owner):
    BotCommand.objects.filter(command="stats").update(is_active=False)
    BotCommand.objects.filter(command="users").update(description_en="Everyone <3")
    screen = owner.send("/help")
    assert "/stats" not in screen.text
    assert "/users – Everyone &lt;3" in screen.html[0]


def test_help_is_leafed_through_in_place(owner):
    first = owner.send("/help")
    assert len(first.buttons) == 9
    second = owner.press("›")
    assert second.edited
    assert "‹" in second.buttons
    assert not set(first.buttons[:8]) & set(second.buttons)
    assert owner.press("‹").buttons == first.buttons


def test_help_is_understood_in_words_but_only_alone():
    client = ChatClient(telegram_id=501)
    assert "/start" in client.send(" Помощь ").text
    assert "/start" in client.send("HELP").text
    assert "message has arrived" in client.send("I need help with my order").text


def test_a_command_runs_from_its_button_in_a_new_message(owner):
    owner.send("/help")
    owner.press("›")
    label = BotCommand.objects.get(command="grant").description_en
    screen = owner.press(label)
    assert not screen.edited
    assert "Please name a person" in screen.text


def test_a_button_of_help_is_refused_when_the_role_is_gone(owner):
    owner.send("/help")
    shown = owner.press("›")
    label = BotCommand.objects.get(command="grant").description_en
    assert label in shown.buttons
    TelegramUser.objects.update(role=Role.PUBLIC)
    screen = owner.press(label)
    assert "not available" in screen.toast
    assert screen.texts == []


# ── Deep links ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deep_link_reaches_its_view(monkeypatch):
    registry = own_registry(monkeypatch)
    registry.deep_link("thing_")(lambda request, value: Reply(f"Thing {value}"))
    registry.deep_link("staff_", role=Role.ADMIN)(lambda request, value: Reply("Secret"))
    client = ChatClient(telegram_id=501)

    assert client.send("/start thing_42").text == "Thing 42"
    for refused in ("staff_1", "nobody_knows", "guide", "x" * 4_000):
        assert "link is not valid" in client.send(f"/start {refused}").text


# ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def test_stats_count_people_and_messages(owner):
    TelegramUserFactory(blocked_at=timezone.now())
    TelegramUser.objects.filter(pk=TelegramUserFactory().pk).update(
        created_at=timezone.now() - timedelta(days=9)
    )
    MessageFactory(person=None, dialog=DialogFactory(person=None, telegram_dialog_id="-5", title="x"))
    MessageFactory(status="failed", person=None, dialog=Message.objects.get().dialog)

    text = owner.send("/stats").text

    assert "3 people" in text
    assert "2 new in seven days" in text
    assert "1 seen in 24 hours" in text
    assert "1 blocked the bot" in text
    assert "1 received" in text
    assert "1 sent" in text


def test_health_shows_what_waits_and_who_is_silent(owner):
    assert "Updates waiting: 0" in owner.send("/health").text  # not even the question itself
    old = timezone.now() - timedelta(minutes=10)
    InboundUpdateFactory(status="pending", received_at=old, not_before=timezone.now() + timedelta(hours=1))
    InboundUpdateFactory(status="failed")
    MessageFactory(status="failed")
    MessageFactory(status="uncertain")
    health.beat("poller", "host process 1")
    health.beat("sender", "host process 1", "Telegram <is> away")
    Heartbeat.objects.create(service="worker", holder="h", beat_at=old)

    screen = owner.send("/health")

    assert "PostgreSQL " in screen.text
    assert "Updates waiting: 1 – the oldest for 10" in screen.text
    assert "1 updates failed, 1 messages failed, 1 uncertain" in screen.text
    assert "🟢 poller: " in screen.text
    assert "🔴 sender: Telegram &lt;is&gt; away" in screen.html[0]
    assert "🔴 worker: " in screen.text


@pytest.mark.parametrize("command", ["/start", "/help", "/menu", "/stats", "/health"])
def test_an_answer_costs_the_same_however_much_there_is(owner, command):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            owner.send(command)
        return len(queries)

    owner.send(command)
    before = cost()
    MessageFactory.create_batch(15)
    InboundUpdateFactory.create_batch(5, status="failed")
    for number in range(5):
        health.beat(f"service {number}", "host")

    assert cost() == before
