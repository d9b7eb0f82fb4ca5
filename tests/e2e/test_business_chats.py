"""An operator's business account: customers write to it, drafts are approved, the owner answers too."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e

QUESTION = "Are you open on Sunday?"
ANSWER = "On Sunday we are closed"
CONNECTIONS = "SELECT is_enabled, can_reply FROM inbox_businessconnection ORDER BY id"
DRAFTS = "SELECT status FROM inbox_draftreply ORDER BY id"
WAITING = "SELECT count(*) FROM inbox_conversation WHERE waiting_since IS NOT NULL"
SHOWN = "SELECT count(*) FROM sandbox_message WHERE chat_id = %s AND text LIKE %s AND deleted_at IS NULL"
LAST = "SELECT max(id) FROM sandbox_message WHERE chat_id = %s AND sender_id = %s AND deleted_at IS NULL"
SWITCH = "UPDATE engine_dialog SET is_processing_enabled = %s WHERE business_connection_id <> ''"
QUIET = "INSERT INTO vault_appsetting (key, value, category) VALUES ('drafting.quiet_seconds', '1', 'Drafts')"


class BusinessChat:
    """The chat between a business account's owner and a customer, as both see it in the sandbox."""

    def __init__(self, owner, customer, database):
        self.owner, self.customer, self.database = owner, customer, database
        self.key = customer.act("write_to", other=owner.key).json()["chat"]

    def says(self, person, text):
        response = person.act("send", text=text, chat=self.key)
        assert response.status_code == httpx.codes.OK, response.text

    def deletes_last(self, person):
        number = self.database.value(LAST, self.key, person.key)
        response = person.act("delete", message_id=number, chat=self.key)
        assert response.status_code == httpx.codes.OK, response.text

    def count(self, words):
        return self.database.value(SHOWN, self.key, f"%{words}%")


@pytest.fixture(scope="module")
def chat(house):
    """Anton's account, to which the bot is connected, and Sara, a customer to whom he has spoken."""
    anton, sara = house.person("anton_berg"), house.person("sara_haddad")
    anton.types("/start")
    wait_until(anton.sees, "the greeting")
    house.database.rows(QUIET)
    chat = BusinessChat(anton, sara, house.database)
    chat.says(sara, "Hello")
    wait_until(lambda: house.database.value(WAITING) == 1, "the conversation")
    chat.says(anton, "Hello Sara")
    wait_until(lambda: house.database.value(WAITING) == 0, "his answer")
    # A process may read a setting this much late, and Telegram counts whole seconds.
    time.sleep(1.5)
    return chat


@pytest.fixture
def drafts(house, chat):
    """Drafting is on; what has become of this test's drafts, which may be the only one a process runs."""
    house.database.rows(SWITCH, True)
    before = len(house.database.rows(DRAFTS))
    return lambda: [status for (status,) in house.database.rows(DRAFTS)][before:]


def test_the_connection_is_known(house, chat):
    wait_until(lambda: house.database.rows(CONNECTIONS) == [(True, True)], "the connection")


def test_a_customers_question_is_drafted_approved_and_read_in_the_business_chat(house, chat, drafts):
    house.database.rows(SWITCH, False)
    answers = chat.count(ANSWER)
    chat.says(chat.customer, "Hello again")
    chat.owner.waits_for("waits for an answer")
    chat.owner.presses("Open")
    chat.owner.waits_for("business chat")
    chat.owner.presses("🤖 Drafts: off")
    chat.owner.waits_for("Drafts: off")
    chat.owner.presses("✍️ Draft answers here")
    chat.owner.waits_for("Drafts: on")

    chat.says(chat.customer, QUESTION)
    card = chat.owner.waits_for(ANSWER)
    assert QUESTION in card
    assert "Telegram takes an answer until" in card
    assert chat.count(ANSWER) == answers
    chat.owner.presses("✅ Approve")

    wait_until(lambda: drafts() == ["sent"], "the outcome")
    assert chat.count(ANSWER) == answers + 1
    assert not any(ANSWER in text for text in chat.customer.sees())
    assert house.database.value(WAITING) == 0


def test_the_owners_own_answer_takes_the_draft_back(house, chat, drafts):
    answers = chat.count(ANSWER)
    chat.says(chat.customer, "And is somebody there on Sunday morning?")
    chat.owner.waits_for("A draft for Sara")

    chat.says(chat.owner, "Not on Sundays, sorry.")

    wait_until(lambda: drafts() == ["superseded"], "the draft to be taken back")
    chat.owner.waits_for("No longer needed")
    assert house.database.value(WAITING) == 0
    assert chat.count(ANSWER) == answers


def test_a_deleted_question_waits_for_nobody(house, chat, drafts):
    chat.says(chat.customer, "Wait, what about the opening hours on Sunday evening?")
    wait_until(lambda: drafts() == ["pending_approval"], "the draft")

    chat.deletes_last(chat.customer)

    wait_until(lambda: drafts() == ["superseded"], "the draft to be taken back")
    assert house.database.value(WAITING) == 0


def test_without_the_right_nothing_is_sent_and_the_end_is_known(house, chat, drafts):
    answers = chat.count(ANSWER)
    chat.says(chat.customer, "One more: which opening hours on Sunday in May?")
    wait_until(lambda: drafts() == ["pending_approval"], "the draft")
    chat.owner.waits_for("A draft for Sara")
    chat.owner.act("rights", right="can_read_messages")
    wait_until(lambda: house.database.rows(CONNECTIONS) == [(True, False)], "the rights")

    chat.owner.presses("✅ Approve")
    time.sleep(1)
    assert drafts() == ["pending_approval"]

    chat.owner.act("disconnect")
    wait_until(lambda: house.database.rows(CONNECTIONS) == [(False, False)], "the end")
    assert drafts() == ["superseded"]
    assert chat.count(ANSWER) == answers
