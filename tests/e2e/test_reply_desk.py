"""Without any key: a guide knows, the desk drafts, an operator decides, the customer reads it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e

QUESTION = "Are you open on Sunday?"
DRAFTS = "SELECT status FROM inbox_draftreply ORDER BY id"
EVENTS = "SELECT action FROM audit_eventlog WHERE action LIKE 'inbox.draft.%%' ORDER BY id"
ENABLE = """
UPDATE engine_dialog SET is_processing_enabled = true
FROM accounts_telegramuser AS person WHERE person.id = person_id AND person.username = 'sara_haddad'
"""
QUIET = """
INSERT INTO vault_appsetting (key, value, category) VALUES ('drafting.quiet_seconds', '1', 'Drafts')
"""


@pytest.fixture(scope="module")
def people(house):
    """The owner, an admin and a subscriber, each with a chat with the bot; drafting is on for the last."""
    found = [house.person(name) for name in ("olivia_novak", "anton_berg", "sara_haddad")]
    for person in found:
        person.types("/start")
        wait_until(person.sees, "the greeting")
    house.database.rows(QUIET)
    house.database.rows(ENABLE)
    time.sleep(1.5)  # a process may read a setting this much late
    return found


def test_asked_drafted_approved_in_chat_and_read_once(house, people):
    owner, admin, customer = people
    drafts, events = rows_from_now(house, DRAFTS), rows_from_now(house, EVENTS)
    answers = answers_seen_by(customer)
    customer.types(QUESTION)

    card = owner.waits_for("On Sunday we are closed")
    assert QUESTION in card
    assert "Opening hours" in card
    admin.waits_for("On Sunday we are closed")
    assert answers_seen_by(customer) == answers

    owner.presses("✅ Approve")

    wait_until(lambda: answers_seen_by(customer) > answers, "the answer")
    wait_until(lambda: drafts() == ["sent"], "the outcome")
    admin.waits_for("approved by Olivia Novak")
    assert answers_seen_by(customer) == answers + 1
    assert events() == ["inbox.draft.approved"]


def test_a_question_in_between_takes_the_draft_back(house, people):
    owner, _admin, customer = people
    drafts, answers = rows_from_now(house, DRAFTS), answers_seen_by(customer)
    customer.types("And what about Sunday in summer, are you open?")
    wait_until(lambda: drafts() == ["pending_approval"], "its draft")
    owner.waits_for("A draft for Sara")
    customer.types("I mean the opening hours on Sunday in July.")

    wait_until(lambda: drafts() == ["superseded", "pending_approval"], "another draft")
    owner.waits_for("A draft for Sara")
    owner.presses("❌ Reject")
    owner.waits_for("What is wrong with it?")
    owner.presses("it is wrong")
    owner.waits_for("Rejected by Olivia Novak")
    assert drafts()[-1] == "rejected"
    assert answers_seen_by(customer) == answers


def rows_from_now(house, query: str) -> Callable[[], list[str]]:
    """Returns what the query finds, without what it found before: tests may run in any order, and alone."""
    before = len(house.database.rows(query))
    return lambda: [value for (value,) in house.database.rows(query)][before:]


def answers_seen_by(person) -> int:
    return len([text for text in person.sees() if "On Sunday we are closed" in text])
