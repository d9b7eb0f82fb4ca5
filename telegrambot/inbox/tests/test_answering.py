"""Answers: once, by whom, and not over each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from audit.context import acting
from audit.models import EventLog
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import UserFactory
from telegrambot.engine.chat import Photo, Upload
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox import answering, buttons, saved_replies, services
from telegrambot.inbox.exceptions import (
    AnsweredMeanwhile,
    AnsweringWindowOver,
    KeyTooLong,
    NothingToAnswer,
    PersonBlockedBot,
    SavedReplyNotFound,
    WrongAnswer,
    WrongButton,
)
from telegrambot.inbox.models import Conversation, SavedReply, SavedReplyUse
from telegrambot.inbox.tasks import count_saved_replies, tell_undelivered_answers
from telegrambot.inbox.tests.factories import SavedReplyFactory, operator, said, waiting

pytestmark = pytest.mark.django_db


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def sent():
    return list(Message.objects.filter(priority=Priority.APPROVED_REPLY).order_by("pk"))


# ── Sending ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_queued_with_its_author_and_ends_the_waiting():
    found, olga = waiting(), operator()

    keys = answering.answer(found, "<b>Yes</b>", key="form-1", actor=olga)

    (message,) = sent()
    assert [message.pk] == keys
    assert (message.text, message.status, message.expires_at) == ("<b>Yes</b>", "queued", None)
    assert answering.author_of(message) == str(olga.pk)
    row = fresh(found)
    assert (row.is_waiting, row.unread_count, row.message_count) == (False, 0, 2)
    assert (row.last_answer_id, row.answered_by) == (message.pk, str(olga.pk))
    assert row.last_outbound_at is not None
    assert Message.objects.get(direction="inbound").status == Message.Status.READ


def test_the_event_holds_keys_only():
    found, olga = waiting(), operator()

    keys = answering.answer(found, "Private words", key="1", actor=olga)

    event = EventLog.objects.get(action="inbox.conversation.answered")
    assert event.details == {"messages": keys}
    assert event.entity_id == str(found.pk)
    assert "Private words" not in str(list(EventLog.objects.values_list("details")))


def test_the_same_form_sends_once():
    found, olga = waiting(), operator()
    answering.answer(found, "Yes", key="form-1", actor=olga)

    assert answering.answer(found, "Yes", key="form-1", actor=olga) == []

    assert len(sent()) == 1
    assert fresh(found).message_count == 2
    answering.answer(found, "Yes", key="form-2", actor=olga)
    assert len(sent()) == 2


def test_forms_of_different_chats_do_not_meet():
    olga = operator()

    answering.answer(waiting(), "Yes", key="1", actor=olga)
    answering.answer(waiting(), "Yes", key="1", actor=olga)

    assert len(sent()) == 2


def test_a_long_answer_goes_in_parts_in_order():
    keys = answering.answer(waiting(), "word " * 1500, key="1", actor=None)

    assert len(keys) == 2
    assert keys == sorted(keys)
    assert Conversation.objects.get().message_count == 3


def test_braces_in_an_answer_are_no_variables():
    answering.answer(waiting(), "Write <code>/orders/{id}</code> or { first_name }.", key="1", actor=None)

    found = waiting()
    TelegramUser.objects.filter(pk=found.dialog.person_id).update(first_name="{vip}")
    saved = SavedReplyFactory(text="Dear {first_name|friend}!")
    answering.answer(found, saved_reply=saved, key="1", actor=None)

    assert [message.text for message in sent()] == [
        "Write <code>/orders/{id}</code> or { first_name }.",
        "Dear {vip}!",
    ]


def test_a_photo_with_text_and_buttons():
    rows = buttons.read([[{"text": "Map", "url": "https://example.org/map"}]])

    answering.answer(
        waiting(), "Here", media=Photo(Upload("map.png", b"png")), buttons=rows, key="1", actor=None
    )

    (message,) = sent()
    assert message.message_type == "photo"
    assert message.payload["buttons"] == [[{"text": "Map", "url": "https://example.org/map"}]]
    assert bytes(OutgoingFile.objects.get().content) == b"png"


def test_an_account_without_a_person_has_a_name_too():
    found, boss = waiting(), UserFactory(username="boss")
    with acting(user_id=f"user:{boss.pk}"):
        (key,) = answering.answer(found, "Yes", key="1", actor=None)

    assert answering.author_of(fresh(found) and Message.objects.get(pk=key)) == f"user:{boss.pk}"
    assert answering.author_of(Message.objects.get(direction="inbound")) == ""
    with pytest.raises(AnsweredMeanwhile, match="boss has answered"):
        answering.answer(found, "No", key="2", seen_up_to=key - 1, actor=operator())


def test_the_form_must_not_have_a_key_that_does_not_fit():
    with pytest.raises(KeyTooLong):
        answering.answer(waiting(), "Yes", key="x" * 81, actor=None)

    assert sent() == []


# ── Not over each other ───────────────────────────────────────────────────────────────────────────────────


def test_who_has_not_seen_the_others_answer_is_told():
    found, olga = waiting(), operator()
    boris = operator(first_name="Boris", last_name="")
    seen = Message.objects.latest("pk").pk
    answering.answer(found, "Yes", key="1", seen_up_to=seen, actor=boris)

    with pytest.raises(AnsweredMeanwhile, match="Boris has answered since you looked"):
        answering.answer(found, "No", key="2", seen_up_to=seen, actor=olga)

    assert len(sent()) == 1
    answering.answer(found, "Well…", key="2", seen_up_to=sent()[-1].pk, actor=olga)
    assert len(sent()) == 2


def test_ones_own_answer_is_no_reason_to_wait():
    found, olga = waiting(), operator()
    seen = Message.objects.latest("pk").pk
    answering.answer(found, "Yes", key="1", seen_up_to=seen, actor=olga)

    answering.answer(found, "And yes again", key="2", seen_up_to=seen, actor=olga)

    assert len(sent()) == 2


def test_what_was_not_seen_goes_on_waiting():
    found = waiting("First")
    seen = Message.objects.latest("pk").pk
    second = said(found.dialog, "Second")

    answering.answer(found, "To the first", key="1", seen_up_to=seen, actor=None)

    row = fresh(found)
    assert (row.waiting_since, row.unread_count) == (second.timestamp, 1)


def test_a_command_that_was_not_seen_waits_for_nobody():
    found = waiting("First")
    seen = Message.objects.latest("pk").pk
    Message.objects.create(
        dialog=found.dialog, direction="inbound", status="delivered", text="/help", timestamp=timezone.now()
    )

    answering.answer(found, "To the first", key="1", seen_up_to=seen, actor=None)

    assert not fresh(found).is_waiting


# ── Where to ──────────────────────────────────────────────────────────────────────────────────────────────


def test_answering_a_closed_one_opens_it():
    found = waiting()
    services.close(found, actor=None)

    answering.answer(found, "By the way", key="1", actor=None)

    assert fresh(found).is_active


def test_answering_a_closed_one_goes_on_in_the_newer_one():
    found = waiting()
    services.close(found, actor=None)
    said(found.dialog)

    answering.answer(found, "By the way", key="1", actor=None)

    assert not fresh(found).is_active
    newer = Conversation.objects.get(is_active=True)
    assert newer.last_answer_id == sent()[0].pk


def test_a_person_who_blocked_the_bot_cannot_be_answered():
    found = waiting()
    found.dialog.person.blocked_at = timezone.now()
    found.dialog.person.save()

    with pytest.raises(PersonBlockedBot):
        answering.answer(found, "Yes", key="1", actor=None)

    assert sent() == []
    assert fresh(found).is_waiting


def test_in_a_business_chat_a_day_after_the_last_message_it_is_too_late():
    dialog = DialogFactory(business_connection_id="bc")
    said(dialog, moment=timezone.now() - timedelta(hours=23))
    found = Conversation.objects.get()
    answering.answer(found, "Yes", key="1", actor=None)
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))

    with pytest.raises(AnsweringWindowOver):
        answering.answer(found, "Yes", key="2", actor=None)

    assert len(sent()) == 1


# ── What can be said ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("text", "error"), [(" \n ", NothingToAnswer), ("<b>never closed", WrongAnswer)])
def test_what_telegram_would_refuse_is_refused_here(text, error):
    found = waiting()

    with pytest.raises(error):
        answering.answer(found, text, key="1", actor=None)

    assert sent() == []
    assert fresh(found).is_waiting


@pytest.mark.parametrize(
    "button",
    [
        {"text": "", "url": "https://example.org"},
        {"text": "x" * 61, "url": "https://example.org"},
        {"text": "Map", "url": "javascript:alert(1)"},
        {"text": "Map", "url": "http://example.org"},
        {"text": "Map", "url": "https://localhost/map"},
        {"text": "Map"},
        {"text": "Map", "url": "https://example.org", "command": "help"},
        {"text": "Map", "command": "nonsense"},
        {"text": "Health", "command": "health"},
    ],
)
def test_buttons_that_lead_nowhere_are_refused(button):
    with pytest.raises(WrongButton):
        buttons.read([[button]])


def test_a_button_may_run_a_command_of_everybody():
    (row,) = buttons.read([[{"text": "Help", "command": "/help"}], []])

    assert row[0].data == "engine.run_command:help"


# ── Saved replies ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_saved_reply_fills_in_the_name_escaped():
    found = waiting()
    found.dialog.person.first_name = "<Ann>"
    found.dialog.person.save()
    saved = SavedReplyFactory(text="Dear {first_name|friend}!")

    answering.answer(found, saved_reply=saved, key="1", actor=None)
    answering.answer(found, "Dear friend, edited", saved_reply=saved, key="2", actor=None)

    assert [message.text for message in sent()] == ["Dear &lt;Ann&gt;!", "Dear friend, edited"]
    count_saved_replies(0)
    assert fresh(saved).times_used == 2
    assert not SavedReplyUse.objects.exists()
    count_saved_replies(0)
    assert fresh(saved).times_used == 2


def test_uses_are_counted_in_batches():
    saved = SavedReplyFactory()
    for _number in range(3):
        saved_replies.note_use(saved)

    assert saved_replies.count_uses(limit=2) == 2
    assert saved_replies.count_uses(limit=2) == 1
    assert fresh(saved).times_used == 3
    assert fresh(saved).last_used_at is not None


def test_saved_replies_are_offered_by_language_those_used_most_first():
    seldom, often = SavedReplyFactory(times_used=1), SavedReplyFactory(times_used=9)
    russian = SavedReplyFactory(language="ru")

    assert list(saved_replies.offered("en")) == [often, seldom]
    assert list(saved_replies.offered("ru")) == [often, seldom, russian]


def test_saved_replies_are_written_changed_and_thrown_away():
    saved = saved_replies.create(" Hours ", "From nine.", actor=None)
    saved_replies.change(saved, text="From ten.", actor=None)

    assert saved_replies.find(saved.pk).text == "From ten."
    assert str(saved) == "Hours"
    saved_replies.remove(saved, actor=None)
    with pytest.raises(SavedReplyNotFound):
        saved_replies.find(saved.pk)
    with pytest.raises(SavedReplyNotFound):
        saved_replies.change(saved, text="From ten.", actor=None)


def test_a_saved_reply_is_checked():
    saved_replies.create("Hours", "From nine.", actor=None)

    with pytest.raises(ValidationError):
        saved_replies.create("hours", "Again", actor=None)
    with pytest.raises(ValidationError):
        saved_replies.create("Broken", "<b>From nine.", actor=None)
    assert SavedReply.objects.count() == 1


# ── What did not arrive ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        ("failed", "Forbidden: bot was blocked by the user", "has blocked the bot"),
        ("failed", "Forbidden: user is deactivated", "does not exist any more"),
        ("failed", "Bad Request: something else\nmore", "Not delivered: Bad Request: something else"),
        ("uncertain", "timed out", "Telegram did not answer"),
        ("cancelled", "", "taken back"),
        ("sent", "", ""),
    ],
)
def test_what_went_wrong_is_said_in_words(status, error, words):
    with translation.override("en"):
        problem = answering.problem_of(Message(status=status, error=error))
    assert words in problem
    assert "more\n" not in problem
    assert bool(problem) == bool(words)


def test_the_author_hears_once_of_an_answer_that_did_not_arrive():
    found, olga, boris = waiting(), operator(), operator()
    answering.answer(found, "Yes", key="1", actor=olga)
    Message.objects.filter(priority=1).update(status="failed", error="Forbidden: bot was blocked by the user")

    tell_undelivered_answers(0)
    tell_undelivered_answers(0)

    notice = Message.objects.get(dialog__person=olga, priority=Priority.NOTICE)
    assert "has blocked the bot" in notice.text
    assert notice.about == found.dialog.person
    assert not Message.objects.filter(dialog__person=boris).exists()


@pytest.mark.parametrize("change", [{"role": Role.PUBLIC}, {"is_active": False}])
def test_nobody_hears_of_what_was_sent_again_or_by_one_who_is_no_operator_any_more(change):
    found, olga, boris = waiting(), operator(), operator()
    (first,) = answering.answer(found, "Yes", key="1", actor=olga)
    answering.answer(found, "Yes", key="2", actor=boris)
    answering.answer(found, "Yes", key="3", actor=None)
    Message.objects.filter(priority=1).update(status="uncertain")
    Message.objects.create(
        dialog=found.dialog, direction="outbound", dedupe_key=f"again:{first}", priority=1, status="sent"
    )
    TelegramUser.objects.filter(pk=boris.pk).update(**change)

    tell_undelivered_answers(0)

    assert not Message.objects.filter(priority=Priority.NOTICE).exists()
