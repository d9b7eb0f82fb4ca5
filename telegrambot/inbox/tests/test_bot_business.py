"""Business accounts: connecting, customers, the owner's own word, and what may no longer be answered."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from telegrambot.accounts import erasure
from telegrambot.accounts import services as accounts
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import TelegramUserFactory, UserFactory
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.testing import ChatClient
from telegrambot.guides.tests.factories import GuideFactory
from telegrambot.inbox import answering, business, services
from telegrambot.inbox.desk import choices, drafts, work
from telegrambot.inbox.desk.outcomes import settle_drafts
from telegrambot.inbox.exceptions import (
    AccountDisconnected,
    AccountNotServed,
    AnsweringWindowOver,
    MayNotAnswer,
)
from telegrambot.inbox.models import BusinessConnection, Conversation, DraftReply, HeldText
from telegrambot.inbox.tests.factories import chat_with, operator
from telegrambot.vault import settings_store

pytestmark = pytest.mark.django_db

CARL = 777_000
ALL = {"can_reply": True, "can_read_messages": True}


@pytest.fixture(autouse=True)
def at_once(db):
    settings_store.set("drafting.quiet_seconds", 0, actor=None)


class Account:
    """A business account of somebody, and one customer."""

    def __init__(self, person, connection="bc-1"):
        self.person, self.connection = person, connection
        self.owner = ChatClient(person)
        self.numbers = itertools.count(1)
        self.now = int(time.time()) - 1000

    def connects(self, *, is_enabled=True, rights=ALL):
        user = {"id": self.person.telegram_id, "is_bot": False, "first_name": self.person.first_name}
        body = {
            "id": self.connection,
            "user": user,
            "user_chat_id": self.person.telegram_id,
            "date": int(time.time()),
            "is_enabled": is_enabled,
            "rights": rights,
        }
        return self.owner.offer("business_connection", body)

    def customer_writes(self, text):
        return self._says("business_message", CARL, "Carl", next(self.numbers), text)

    def customer_edits(self, number, text):
        self._says("edited_business_message", CARL, "Carl", number, text, edit_date=int(time.time()))

    def owner_writes(self, text):
        self._says("business_message", self.person.telegram_id, "Olga", next(self.numbers), text)

    def somebody_deletes(self, *numbers):
        body = {"business_connection_id": self.connection, "chat": self.chat, "message_ids": list(numbers)}
        self.owner.offer("deleted_business_messages", body)

    @property
    def chat(self):
        return {"id": CARL, "type": "private", "first_name": "Carl"}

    @property
    def dialog(self):
        return Dialog.objects.get(business_connection_id=self.connection)

    def _says(self, kind, sender, name, number, text, **more):
        body = {
            "message_id": number,
            "date": self.now + number,
            "chat": self.chat,
            "business_connection_id": self.connection,
            "from": {"id": sender, "is_bot": False, "first_name": name, "language_code": "en"},
            "text": text,
        }
        self.owner.offer(kind, body | more)
        return number


@pytest.fixture
def olga():
    return operator(first_name="Olga", last_name="", language_code="en")


@pytest.fixture
def account(olga):
    return Account(olga)


@pytest.fixture
def asked(account):
    """Carl has asked, and there is a draft."""
    GuideFactory(title="Opening hours", body="We are open from Monday to Friday, nine to six. Not on Sunday.")
    account.connects()
    account.customer_writes("When are you open on Sunday?")
    Dialog.objects.filter(pk=account.dialog.pk).update(is_processing_enabled=True)
    account.customer_writes("When are you open?")
    work.make(account.dialog.pk)
    return DraftReply.objects.get()


def waits():
    return Conversation.objects.get(is_active=True).waiting_since is not None


def status(draft):
    draft.refresh_from_db()
    return draft.status


def answers(account):
    return Message.objects.filter(dialog=account.dialog, priority=Priority.APPROVED_REPLY)


# ── Connections ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_connection_its_rights_and_its_end_are_kept_and_told(account, olga):
    assert "answers from there go out in your name" in account.connects().text
    row = BusinessConnection.objects.get()
    assert (row.person, row.is_enabled, row.can_reply, row.rights) == (olga, True, True, ALL)

    assert "It may not answer them yet" in account.connects(rights={"can_read_messages": True}).text
    row.refresh_from_db()
    assert (row.can_reply, row.rights) == (False, {"can_read_messages": True})

    assert "no longer connected" in account.connects(is_enabled=False).text
    row.refresh_from_db()
    assert (row.is_enabled, row.can_reply) == (False, False)


def test_a_bot_from_before_there_were_rights(account):
    body = {
        "id": "old",
        "user_chat_id": account.person.telegram_id,
        "date": 1_790_000_000,
        "is_enabled": True,
    }
    user = {"id": account.person.telegram_id, "is_bot": False, "first_name": "Olga"}
    account.owner.offer("business_connection", body | {"user": user, "can_reply": True})

    assert BusinessConnection.objects.get().can_reply


def test_a_strangers_account_is_not_answered_for(olga):
    stranger = TelegramUserFactory(role=Role.SUBSCRIBER, first_name="Eve", language_code="en")
    chat_with(stranger)
    account = Account(stranger, "bc-eve")

    assert "its operators only" in account.connects().text
    account.customer_writes("Is this the shop?")

    assert not Conversation.objects.exists()
    assert not Message.objects.filter(dialog__person=olga).exists()


def test_nothing_comes_in_from_an_account_whose_owner_works_here_no_longer(account, olga):
    account.connects()
    olga.role = Role.PUBLIC
    olga.save()

    account.customer_writes("Is this the shop?")

    assert not Conversation.objects.exists()


@pytest.mark.parametrize("role", [Role.SUBSCRIBER, Role.ADMIN])
def test_nothing_comes_in_from_an_account_whose_owner_was_erased(olga, role):
    eve = TelegramUserFactory(role=role, first_name="Eve", language_code="en")
    chat_with(eve)
    account = Account(eve, "bc-eve")
    account.connects()
    accounts.change_role(eve, Role.PUBLIC, actor=None)
    erasure.erase(eve)

    account.customer_writes("My secret is a walrus")

    row = BusinessConnection.objects.get()
    assert (row.person, row.is_enabled, row.can_reply, row.rights) == (None, False, False, {})
    assert not Conversation.objects.exists()
    assert not Message.objects.filter(dialog__person=olga).exists()


def test_a_connection_outlives_its_owner_also_in_the_database():
    row = BusinessConnection.objects.create(connection_id="bc", bot_id=1, person=TelegramUserFactory())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_telegramuser WHERE id = %s", [row.person_id])

    assert BusinessConnection.objects.get().person is None
    assert not business.is_served(Dialog(business_connection_id="bc"))


def test_whoever_was_erased_and_connects_again_as_an_operator_is_served(account, olga):
    account.connects()
    accounts.change_role(olga, Role.PUBLIC, actor=None)
    erasure.erase(olga)
    account.person = TelegramUserFactory(telegram_id=olga.telegram_id, role=Role.ADMIN, first_name="Olga")
    account.connects()

    account.customer_writes("Is this the shop?")

    assert BusinessConnection.objects.get().person == account.person
    assert waits()


def test_customers_wait_in_the_inbox_and_the_bot_says_nothing(account):
    account.connects()
    account.customer_writes("What does it cost?")

    assert waits()
    assert not Message.objects.filter(dialog=account.dialog, direction="outbound").exists()


def test_a_chat_belongs_to_the_accounts_owner_and_their_model_drafts(account, olga):
    olga.staff = UserFactory()
    olga.save()
    choices.choose(olga, provider="ollama", model_name="llama", actor=olga)
    account.connects()

    account.customer_writes("Hello")

    assert account.dialog.owner == olga.staff
    assert choices.for_dialog(account.dialog).operator == olga


@pytest.mark.parametrize("change", [{"role": Role.PUBLIC}, {"is_active": False}])
def test_the_model_of_an_owner_who_works_here_no_longer_reads_nothing(account, olga, change):
    olga.staff = UserFactory()
    olga.save()
    choices.choose(olga, provider="ollama", model_name="llama", actor=olga)
    account.connects()
    account.customer_writes("Hello")
    type(olga).objects.filter(pk=olga.pk).update(**change)

    assert choices.for_dialog(account.dialog).operator is None


def test_an_account_connected_anew_keeps_what_was_chosen_for_its_chats(asked, account, olga):
    account.connects(is_enabled=False)
    account.connection = "bc-2"
    account.connects()

    account.customer_writes("Me again")

    assert account.dialog.is_processing_enabled
    assert not account.dialog.auto_send_enabled


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_approved_answer_goes_to_the_business_chat(asked, account, olga):
    account.owner.receive()
    account.owner.press("✅ Approve")

    sent = answers(account).get()
    assert (sent.dialog.business_connection_id, sent.text != "") == ("bc-1", True)
    assert status(asked) == "approved"


def test_the_owners_own_answer_takes_the_draft_back(asked, account):
    account.owner_writes("From nine to six.")

    assert status(asked) == "superseded"
    assert not waits()
    assert not answers(account).exists()
    work.make(account.dialog.pk)
    assert DraftReply.objects.count() == 1


def test_the_owners_own_answer_takes_back_what_was_held_for_others(account):
    asleep = operator(preferences={"quiet_hours": "00:00–23:59"})
    account.connects()
    account.customer_writes("Hello?")
    held = Message.objects.get(dialog__person=asleep, origin__startswith="notice:inbox:")
    assert held.status == "queued"

    account.owner_writes("Hi Carl")

    held.refresh_from_db()
    assert held.status == "cancelled"


def test_an_approved_answer_that_has_not_left_stays_when_the_owner_was_faster(asked, account, olga):
    drafts.approve(asked, actor=olga)

    account.owner_writes("From nine to six.")

    assert answers(account).get().status == "cancelled"
    settle_drafts()
    assert status(asked) == "superseded"
    work.make(account.dialog.pk)
    assert DraftReply.objects.count() == 1


def test_an_ended_connection_takes_drafts_back_and_sends_nothing(asked, account, olga):
    account.connects(is_enabled=False)

    assert status(asked) == "superseded"
    DraftReply.objects.filter(pk=asked.pk).update(status="pending_approval")
    with pytest.raises(AccountDisconnected):
        drafts.approve(asked, actor=olga)
    assert not answers(account).exists()


def test_nothing_is_sent_for_an_account_whose_owner_works_here_no_longer(asked, account, olga):
    boris = operator(first_name="Boris")
    accounts.change_role(olga, Role.PUBLIC, actor=None)

    with pytest.raises(AccountNotServed):
        drafts.approve(asked, actor=boris)
    with pytest.raises(AccountNotServed):
        answering.answer(Conversation.objects.get(), "Yes", key="k", actor=boris)
    assert status(asked) == "pending_approval"
    assert not answers(account).exists()


@pytest.mark.parametrize(
    "end",
    [
        lambda account: account.connects(is_enabled=False),
        lambda account: accounts.change_role(account.person, Role.PUBLIC, actor=None),
        lambda account: accounts.set_active(account.person, False, actor=None),
    ],
)
def test_nothing_is_drafted_for_an_account_that_is_served_no_longer(asked, account, end):
    account.customer_writes("And when on Monday?")
    end(account)

    work.make(account.dialog.pk)

    assert DraftReply.objects.get() == asked


def test_without_the_right_to_answer_nothing_is_sent(asked, account, olga):
    account.connects(rights={"can_read_messages": True})

    with pytest.raises(MayNotAnswer):
        drafts.approve(asked, actor=olga)
    assert status(asked) == "pending_approval"
    assert not answers(account).exists()


def test_after_24_hours_the_button_says_why_and_nothing_is_sent(asked, account):
    shown = account.owner.receive().text
    assert "Telegram takes an answer until" in shown
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=24, seconds=1))

    screen = account.owner.press("✅ Approve")

    assert "That time is over" in screen.alert
    assert status(asked) == "pending_approval"
    assert not answers(account).exists()


def test_just_within_24_hours_it_is_sent(asked, account, olga):
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=23, minutes=59))

    drafts.approve(asked, actor=olga)

    assert answers(account).count() == 1


def test_in_a_conversation_opened_anew_the_window_is_the_same(account, olga):
    account.connects()
    account.customer_writes("Hello?")
    services.close(Conversation.objects.get(), actor=olga)
    anew = services.with_person(account.dialog, actor=olga)

    answering.answer(anew, "Hi Carl", key="k", actor=olga)

    assert answers(account).count() == 1


def test_a_window_that_is_over_is_refused_by_hand_too(asked, account, olga):
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(AnsweringWindowOver):
        answering.answer(Conversation.objects.get(), "Yes", key="k", actor=olga)


# ── Edits and deletions ───────────────────────────────────────────────────────────────────────────────────


def test_an_edited_question_takes_the_draft_back_and_gets_another(asked, account):
    account.customer_edits(2, "When are you open on Monday?")

    assert status(asked) == "superseded"
    work.make(account.dialog.pk)
    fresh = DraftReply.objects.get(status="pending_approval")
    assert fresh.last_message_id > asked.last_message_id
    work.make(account.dialog.pk)
    assert DraftReply.objects.count() == 2


def test_an_edit_of_what_was_answered_changes_nothing(asked, account):
    account.owner_writes("From nine to six.")
    account.customer_edits(2, "When are you open, please?")

    assert not waits()
    work.make(account.dialog.pk)
    assert DraftReply.objects.count() == 1


def test_in_a_chat_without_history_the_new_wording_is_held(account):
    account.connects()
    account.customer_writes("Hello")
    Dialog.objects.filter(pk=account.dialog.pk).update(is_processing_enabled=True, keep_history=False)
    number = account.customer_writes("My secret is a walrus")

    account.customer_edits(number, "My secret is a seal")

    assert HeldText.objects.get().text == "My secret is a seal"


def test_a_deleted_question_waits_for_nobody(asked, account):
    account.somebody_deletes(1, 2)

    assert status(asked) == "superseded"
    assert not waits()
    work.make(account.dialog.pk)
    assert DraftReply.objects.count() == 1


def test_what_is_left_after_a_deletion_is_answered_without_what_is_gone(asked, account):
    account.somebody_deletes(2)

    assert status(asked) == "superseded"
    assert waits()
    work.make(account.dialog.pk)
    fresh = DraftReply.objects.get(status="pending_approval")
    gone = Message.objects.get(dialog=account.dialog, external_message_id="2").pk
    assert gone not in fresh.made_from["messages"]


def test_deleting_what_the_owner_said_changes_nothing(asked, account):
    account.owner_writes("Hm.")
    account.customer_writes("And when are you open on Monday?")
    work.make(account.dialog.pk)
    account.somebody_deletes(3)

    assert waits()
    assert DraftReply.objects.filter(status="pending_approval").count() == 1
