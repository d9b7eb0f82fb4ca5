"""/auto: which chats get drafts, what was earned, and the owner's stop."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from telegrambot.accounts.exceptions import OwnersOnly
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory
from telegrambot.engine.models import Dialog
from telegrambot.engine.testing import ChatClient
from telegrambot.inbox.desk import dialogs, trust
from telegrambot.inbox.models import AutomaticTopic
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory, decided
from telegrambot.inbox.tests.factories import chat_with, operator, waiting
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

NEEDED = 3


@pytest.fixture(autouse=True)
def soon_earned(db):
    settings_store.set("drafting.approvals_needed", NEEDED, actor=None)
    settings_store.set("drafting.quiet_seconds", 0, actor=None)


@pytest.fixture
def staff():
    return ChatClient(operator(first_name="Olga", last_name=""))


@pytest.fixture
def owner():
    return ChatClient(operator(first_name="Oscar", last_name="", role=Role.OWNER))


@pytest.fixture
def dialog():
    return chat_with(TelegramUserFactory(first_name="Ann", last_name=""), is_processing_enabled=True)


def is_allowed():
    return settings_store.get("drafting.automatic", bool)


def is_alone(dialog):
    return Dialog.objects.get(pk=dialog.pk).auto_send_enabled


# ── The owner's stop ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("off", "on"), [("off", "on"), ("выкл", "вкл"), ("OFF", "On")])
def test_the_owner_stops_everything_and_allows_it_again(owner, off, on):
    assert "stopped all automatic answers" in owner.send(f"/auto {off}").text
    assert not is_allowed()

    assert "go out without a person" in owner.send(f"/auto {on}").text
    assert is_allowed()


def test_the_owner_does_it_with_a_button_too(owner):
    owner.send("/auto")
    assert "stopped" in owner.press("⛔️ Stop all automatic answers").text
    assert not is_allowed()
    owner.press("▶️ Allow automatic answers again")
    assert is_allowed()


def test_an_admin_stops_nothing_for_all(staff, owner):
    screen = staff.send("/auto off")

    assert "Only an owner" in screen.text
    assert "⛔️ Stop all automatic answers" not in screen.buttons
    assert is_allowed()
    assert "no longer valid" in staff.press_data("inbox.set_all:0").toast
    assert is_allowed()


def test_a_button_kept_by_who_is_no_owner_any_more_does_nothing(owner):
    owner.send("/auto")
    TelegramUser.objects.filter(first_name="Oscar").update(role=Role.ADMIN)

    assert "not available to you" in owner.press("⛔️ Stop all automatic answers").toast
    assert is_allowed()


def test_customers_have_no_such_command():
    screen = ChatClient(TelegramUserFactory(language_code="en")).send("/auto off")

    assert "not available to you" in screen.text
    assert is_allowed()


# ── One chat ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chat_that_has_earned_it_may_answer_alone_and_be_stopped(owner, staff, dialog):
    decided(dialog, NEEDED)
    owner.send("/auto")
    assert "3 of 3" in owner.press("🎓 Ann").text

    assert "Answers without a person: on" in owner.press("🤖 Answer without a person").text
    assert is_alone(dialog)
    assert "🤖 Ann" in owner.press("‹ All chats").buttons

    staff.send("/auto")
    staff.press("🤖 Ann")
    assert "Answers without a person: off" in staff.press("✋ Ask a person first").text
    assert not is_alone(dialog)


def test_a_chat_that_has_not_earned_it_offers_no_such_button(staff, dialog):
    decided(dialog, 1)
    staff.send("/auto")
    screen = staff.press("✍️ Ann · 1/3")

    assert "🤖 Answer without a person" not in screen.buttons
    assert "1 of 3" in screen.text


def test_only_owners_let_answers_go_out_without_a_person(owner, staff, dialog):
    decided(dialog, NEEDED)
    staff.send("/auto")
    assert "🤖 Answer without a person" not in staff.press("🎓 Ann").buttons

    owner.send("/auto")
    owner.press("🎓 Ann")
    TelegramUser.objects.filter(first_name="Oscar").update(role=Role.ADMIN)
    assert "owner" in owner.press("🤖 Answer without a person").alert
    assert not is_alone(dialog)


def test_trust_that_was_lost_meanwhile_is_said_and_nothing_is_switched_on(owner, dialog):
    decided(dialog, NEEDED)
    owner.send("/auto")
    owner.press("🎓 Ann")
    DraftReplyFactory(dialog=dialog, status="rejected")

    assert f"0 of {NEEDED}" in owner.press("🤖 Answer without a person").alert
    assert not is_alone(dialog)


def test_drafts_are_switched_on_from_the_conversation(staff):
    found = waiting(person=TelegramUserFactory(first_name="Ben", last_name=""))
    staff.send("/auto")
    assert "No chat gets drafts yet" in staff.send("/auto").text
    staff.send("/inbox")
    staff.press("🔵 Ben · just now")
    staff.press("🤖 Drafts: off")

    assert "Drafts: on" in staff.press("✍️ Draft answers here").text
    found.dialog.refresh_from_db()
    assert found.dialog.is_processing_enabled

    staff.press("No drafts here")
    found.dialog.refresh_from_db()
    assert not found.dialog.is_processing_enabled
    assert "waiting:" in staff.press("💬 Open the chat").text


def test_who_is_no_operator_any_more_switches_nothing(owner, dialog):
    decided(dialog, NEEDED)
    owner.send("/auto")
    owner.press("🎓 Ann")
    TelegramUser.objects.filter(first_name="Oscar").update(role=Role.SUBSCRIBER)

    for label in ("No drafts here", "🤖 Answer without a person", "💬 Open the chat", "‹ All chats"):
        assert "not available to you" in owner.press(label).toast
    dialog.refresh_from_db()
    assert (dialog.is_processing_enabled, dialog.auto_send_enabled) == (True, False)


def test_groups_get_no_drafts_from_here(staff, dialog):
    staff.send("/auto")
    staff.press("✍️ Ann · 0/3")
    Dialog.objects.filter(pk=dialog.pk).update(type=Dialog.Type.GROUP)

    assert "not there any more" in staff.press("No drafts here").alert


def test_an_erased_chat_is_said(staff, dialog):
    staff.send("/auto")
    staff.press("✍️ Ann · 0/3")
    Dialog.objects.filter(pk=dialog.pk).delete()

    assert "not there any more" in staff.press("No drafts here").alert


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────


def test_topics_that_are_automatic_are_named(staff):
    AutomaticTopic.objects.create(topic="guide:1", title="Opening <hours>")
    AutomaticTopic.objects.create(topic="guide:2", title="Prices", is_active=False)

    text = staff.send("/auto").text

    assert "Opening <hours>" in text
    assert "Prices" not in text


def test_a_topic_that_has_earned_it_is_switched_on_and_off(owner, staff):
    topic = f"guide:{uuid4()}"
    source = {"sources": [{"title": "Opening hours"}]}
    for _number in range(NEEDED):
        DraftReplyFactory(topic=topic, status="sent", edit_share=0.0, made_from=source)
    staff.send("/auto")
    staff.press("📚 Topics")
    assert "owner" in staff.press("🎓 Opening hours").alert
    assert not AutomaticTopic.objects.exists()

    owner.send("/auto")
    owner.press("📚 Topics")
    assert "🤖 Opening hours" in owner.press("🎓 Opening hours").buttons
    assert AutomaticTopic.objects.get(topic=topic).is_active

    staff.send("/auto")
    staff.press("📚 Topics")
    assert "🎓 Opening hours" in staff.press("🤖 Opening hours").buttons
    assert not AutomaticTopic.objects.get(topic=topic).is_active


def test_a_topic_that_has_earned_nothing_stays_off(owner):
    owner.send("/auto")
    assert "No draft was made from a guide yet" in owner.press("📚 Topics").text
    source = {"sources": [{"title": "Opening hours"}]}
    DraftReplyFactory(topic="guide:1", status="sent", edit_share=0.0, made_from=source)
    DraftReplyFactory(topic="x" * 100, status="sent", edit_share=0.0)
    owner.press("‹ All chats")
    screen = owner.press("📚 Topics")

    assert screen.buttons == ["✍️ Opening hours · 1/3", "‹ All chats"]
    assert f"1 of {NEEDED}" in owner.press("✍️ Opening hours · 1/3").alert
    assert not AutomaticTopic.objects.exists()


def test_the_list_costs_the_same_for_one_chat_and_for_many(staff, dialog):
    staff.send("/auto")

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            staff.send("/auto")
        return len(found)

    decided(dialog, NEEDED)
    few = queries()
    for number in range(12):
        other = chat_with(TelegramUserFactory(first_name=f"P{number}"), is_processing_enabled=True)
        decided(other, 2)
    assert queries() == few
    assert "›" in staff.send("/auto").buttons


def test_the_list_says_of_each_chat_what_the_service_says():
    chats = [chat_with(TelegramUserFactory()) for _number in range(5)]
    decided(chats[0], NEEDED + 2)
    decided(chats[1], 2)
    decided(chats[1], 1, edit_share=0.5)
    decided(chats[1], 1)
    decided(chats[2], NEEDED)
    DraftReplyFactory(dialog=chats[2], status="rejected")
    decided(chats[3], 2)
    decided(chats[3], 1, is_automatic=True)
    decided(chats[3], 1)

    found = trust.earned_in(chat.pk for chat in chats)

    for chat in chats:
        assert found.get(chat.pk, 0) == trust.earned(trust.of_dialog(chat))
    decided(chats[4], NEEDED)
    DraftReplyFactory(dialog=chats[4], status="rejected", is_automatic=True)
    assert chats[4].pk not in trust.earned_in([chats[4].pk])
    assert not trust.has_earned(trust.of_dialog(chats[4]))


def test_only_owners_may_stop_everything_whoever_asks_the_service(staff, owner):
    for role in (Role.PUBLIC, Role.SUBSCRIBER, Role.ADMIN):
        with pytest.raises(OwnersOnly):
            dialogs.switch_everything(False, actor=TelegramUserFactory(role=role))
    assert is_allowed()
