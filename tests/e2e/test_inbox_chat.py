"""A customer writes, an operator reads the notice and replies to it: real processes, real HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e

NOTICE = """
SELECT message.external_message_id::int
FROM engine_message AS message JOIN accounts_telegramuser AS person ON person.id = message.person_id
WHERE person.username = %s AND message.origin LIKE 'notice:inbox:%%' AND message.status = 'sent'
ORDER BY message.id DESC LIMIT 1
"""
ANSWERS = "SELECT count(*) FROM engine_message WHERE text = %s AND priority = 1 AND status = 'sent'"
WAITING = "SELECT count(*) FROM inbox_conversation WHERE waiting_since IS NOT NULL"


@pytest.fixture(scope="module")
def anton(house):
    """An operator who has a chat with the bot."""
    found = house.person("anton_berg")
    found.types("/start")
    found.waits_for("Anton")
    return found


def test_a_reply_to_the_notice_reaches_the_customer_once(house, anton):
    nikita = house.person("nikita_orlov")

    nikita.types("Do you open on <Sunday>?")
    nikita.waits_for("Спасибо, мы получили ваше сообщение.")
    assert "Do you open on <Sunday>?" in anton.waits_for("waits for an answer")
    wait_until(lambda: house.database.rows(NOTICE, "anton_berg"), "the notice to be settled")
    (number,) = house.database.rows(NOTICE, "anton_berg")[0]

    reply = anton.act("send", text="From ten to six.", reply_to=number)

    assert reply.status_code == httpx.codes.OK
    nikita.waits_for("From ten to six.")
    anton.waits_for("Sent to")
    assert nikita.sees().count("From ten to six.") == 1
    wait_until(lambda: house.database.value(ANSWERS, "From ten to six."), "the answer to be settled")
    assert house.database.value(ANSWERS, "From ten to six.") == 1
    assert house.database.value(WAITING) == 0


def test_from_the_inbox_by_buttons(house, anton):
    sara = house.person("sara_haddad")
    sara.types("Where is my parcel?")
    sara.waits_for("your message has arrived")

    anton.waits_for("Where is my parcel?")
    anton.types("/inbox")
    anton.waits_for("1 person waits.")
    anton.presses("🔵 Sara Haddad · just now")
    anton.waits_for("waiting:")
    anton.presses("✏️ Answer")
    anton.waits_for("Send me your answer")
    anton.types("On its way.")

    sara.waits_for("On its way.")
    anton.types("/inbox")
    anton.waits_for("Nobody waits for an answer.")
    sara.types("/inbox")
    sara.waits_for("not available to you")
