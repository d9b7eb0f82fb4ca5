"""When an answer may go out without a person, and above all when it may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.inbox import answering
from telegrambot.inbox.desk import dialogs, drafts, trust, work
from telegrambot.inbox.desk.exceptions import NotEarnedYet
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.models import AutomaticTopic, Conversation, DraftReply
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory, decided
from telegrambot.inbox.tests.factories import said
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

NEEDED = 3


@pytest.fixture(autouse=True)
def soon_earned(at_once):
    settings_store.set("drafting.approvals_needed", NEEDED, actor=None)
    settings_store.set("drafting.quiet_hours", "", actor=None)


@pytest.fixture
def trusted(dialog, guide):
    """A chat that has earned it and in which it is switched on; somebody has just asked."""
    decided(dialog, NEEDED)
    dialogs.set_auto_send(dialog, True, actor=None)
    said(dialog, "When are you open on Sunday?")
    return Dialog.objects.get(pk=dialog.pk)


def answers(dialog):
    return Message.objects.filter(dialog=dialog, priority=Priority.APPROVED_REPLY)


def newest():
    return DraftReply.objects.order_by("-pk")[0]


def test_an_earned_answer_goes_out_by_itself_and_says_so(trusted, olga):
    work.make(trusted.pk)

    assert (newest().status, newest().is_automatic, newest().decided_by) == ("approved", True, None)
    assert answers(trusted).count() == 1
    assert answers(trusted).get().expects_last_inbound == newest().last_message_id


def waits_for_a_person(dialog):
    before = answers(dialog).count()
    work.make(dialog.pk)
    return newest().status == "pending_approval" and answers(dialog).count() == before


def test_not_where_it_is_not_switched_on(dialog, guide):
    decided(dialog, NEEDED)
    said(dialog, "When are you open on Sunday?")

    assert waits_for_a_person(dialog)


def test_not_after_the_owners_stop(trusted):
    dialogs.switch_everything(False, actor=None)

    assert waits_for_a_person(trusted)


def test_not_at_night(trusted):
    now = timezone.localtime()
    night = f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    settings_store.set("drafting.quiet_hours", night, actor=None)

    assert waits_for_a_person(trusted)


@pytest.mark.parametrize("cap", ["drafting.automatic_per_dialog", "drafting.automatic_per_day"])
def test_not_beyond_the_daily_caps(trusted, cap):
    settings_store.set(cap, 0, actor=None)

    assert waits_for_a_person(trusted)


def test_a_cap_counts_the_last_24_hours(trusted):
    settings_store.set("drafting.automatic_per_dialog", 1, actor=None)
    yesterday = timezone.now() - timedelta(hours=25)
    first = decided(trusted, NEEDED)[0]
    DraftReply.objects.filter(pk=first.pk).update(is_automatic=True, decided_at=yesterday)
    settings_store.set("drafting.approvals_needed", NEEDED, actor=None)

    work.make(trusted.pk)

    assert newest().is_automatic


def test_never_twice_in_a_row_without_a_person(trusted, olga):
    work.make(trusted.pk)
    DraftReply.objects.filter(pk=newest().pk).update(status="sent")
    said(trusted, "And when on Sunday are you open?")

    assert waits_for_a_person(trusted)

    drafts.approve(newest(), actor=olga)
    DraftReply.objects.filter(pk=newest().pk).update(status="sent")
    said(trusted, "So you are closed on Sunday, open on Monday?")
    work.make(trusted.pk)
    assert newest().is_automatic


def fails(draft):
    error = "Bad Request: chat not found"
    Message.objects.filter(pk=draft.message_id).update(status="failed", error=error)
    settle_drafts()
    settle_drafts()


def told(person):
    return Message.objects.filter(dialog__person=person, priority=Priority.NOTICE)


def test_one_that_did_not_arrive_is_told_and_waits_for_a_person(trusted, olga):
    work.make(trusted.pk)

    fails(newest())

    notice = told(olga).get()
    assert "When are you open on Sunday?" in notice.text
    assert "Not delivered: Bad Request: chat not found" in notice.text
    assert notice.about == trusted.person
    found = Conversation.objects.get(dialog=trusted, is_active=True)
    assert found.waiting_since == newest().last_message_timestamp
    work.make(trusted.pk)
    assert answers(trusted).count() == 1  # there is no second try


def test_one_that_did_not_arrive_is_told_to_nobody_who_has_answered_since(trusted, olga):
    work.make(trusted.pk)
    found = Conversation.objects.get(dialog=trusted, is_active=True)
    answering.answer(found, "We are closed on Sunday.", key="hand", actor=olga)

    fails(newest())

    assert not told(olga).exists()
    found.refresh_from_db()
    assert not found.is_waiting


def test_one_rejection_takes_the_trust_away(trusted, olga):
    said(trusted, "?")
    draft = DraftReplyFactory(dialog=trusted, topic="guide:1")
    AutomaticTopic.objects.create(topic="guide:1", title="Opening hours")

    drafts.reject(draft, actor=olga)

    trusted.refresh_from_db()
    assert not trusted.auto_send_enabled
    assert not AutomaticTopic.objects.get().is_active
    with pytest.raises(NotEarnedYet, match=f"0 of {NEEDED}"):
        dialogs.set_auto_send(trusted, True, actor=None)
    trusted.refresh_from_db()
    assert not trusted.auto_send_enabled


def test_large_edits_earn_nothing(dialog):
    decided(dialog, NEEDED - 1)
    decided(dialog, 1, edit_share=0.5)
    decided(dialog, NEEDED - 1, edit_share=0.05)

    assert trust.earned(trust.of_dialog(dialog)) == NEEDED - 1
    with pytest.raises(NotEarnedYet):
        dialogs.set_auto_send(dialog, True, actor=None)


def test_what_went_out_by_itself_earns_nothing(dialog):
    decided(dialog, NEEDED - 1)
    decided(dialog, 5, is_automatic=True)

    assert trust.earned(trust.of_dialog(dialog)) == NEEDED - 1


def test_a_topic_earns_trust_wherever_it_is_asked_for(dialog, guide, olga):
    topic = f"guide:{guide.pk}"
    for _number in range(NEEDED):
        DraftReplyFactory(topic=topic, status="sent", edit_share=0.0)
    said(dialog, "When are you open on Sunday?")
    assert waits_for_a_person(dialog)

    dialogs.set_automatic_topic(topic, guide.title, True, actor=None)
    said(dialog, "And when are you open on Sunday, please?")
    work.make(dialog.pk)

    assert newest().is_automatic
    assert answers(dialog).count() == 1


def test_a_topic_that_has_earned_nothing_stays_off():
    with pytest.raises(NotEarnedYet):
        dialogs.set_automatic_topic("guide:1", "Opening hours", True, actor=None)
    assert not AutomaticTopic.objects.exists()
