"""Broadcasts that start by themselves, and one that was due while everything was down: real processes."""

from __future__ import annotations

import re

import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e

# Moves a broadcast's time; the bot's processes see it as if the time had passed.
DUE = "UPDATE broadcasts_broadcast SET scheduled_at = now() - %s::interval WHERE title = %s"
STATUS = "SELECT status, needs_confirmation FROM broadcasts_broadcast WHERE title = %s"
COPIES = """
SELECT count(*), count(DISTINCT person_id) FROM engine_message
WHERE origin = (SELECT 'broadcast:' || id FROM broadcasts_broadcast WHERE title = %s)
"""
DRAFT, SCHEDULED, SENT = 0, 1, 2


@pytest.fixture(scope="module")
def people(house):
    """An owner and a reader who have a chat with the bot."""
    found = [house.person(name) for name in ("olivia_novak", "nikita_orlov")]
    for person in found:
        person.types("/start")
        wait_until(person.sees, "the greeting")
    return found


def scheduled(house, owner, title):
    """A broadcast for tomorrow, made in the chat."""
    owner.types(f"/broadcast {title}")
    owner.waits_for("Whom is")
    owner.presses("Everybody")
    owner.waits_for("As people will see it")
    owner.presses("🗓 Schedule")
    owner.waits_for("When should")
    owner.types("tomorrow 9:00")
    owner.waits_for("It starts on")
    assert house.database.rows(STATUS, title) == [(SCHEDULED, False)]


def miss(house, title):
    """Let its time pass while the bot is down."""
    bot = house.processes.all[-1]
    assert bot.terminate() == 0
    house.database.rows(DUE, "20 minutes", title)
    house.start_bot()


def everybody_got_it_once(house, owner, title):
    wait_until(lambda: any(f"“{title}” is over" in text for text in owner.sees()), "the end of the broadcast")
    assert house.database.rows(STATUS, title) == [(SENT, False)]
    [(copies, readers)] = house.database.rows(COPIES, title)
    assert copies == readers >= 2


def test_it_starts_by_itself(house, people):
    owner, reader = people
    scheduled(house, owner, "On time")
    assert house.database.rows(COPIES, "On time") == [(0, 0)]

    house.database.rows(DUE, "1 second", "On time")

    reader.waits_for("On time")
    everybody_got_it_once(house, owner, "On time")


def test_one_that_was_missed_asks_and_goes_once(house, people):
    owner, reader = people
    scheduled(house, owner, "Missed")
    miss(house, "Missed")

    owner.waits_for("“Missed” was to start on")
    assert house.database.rows(STATUS, "Missed") == [(SCHEDULED, True)]
    assert house.database.rows(COPIES, "Missed") == [(0, 0)]
    owner.presses("Send now")
    question = owner.waits_for("Send “Missed” to")
    owner.presses(f"Yes, send to {re.search(r'[0-9]+ people', question)[0]}")

    reader.waits_for("Missed")
    everybody_got_it_once(house, owner, "Missed")


def test_one_that_was_missed_never_goes_when_declined(house, people):
    owner, _ = people
    scheduled(house, owner, "Too late")
    miss(house, "Too late")
    owner.waits_for("“Too late” was to start on")

    owner.presses("Leave it")

    wait_until(lambda: house.database.rows(STATUS, "Too late") == [(DRAFT, False)], "the draft")
    assert house.database.rows(COPIES, "Too late") == [(0, 0)]
