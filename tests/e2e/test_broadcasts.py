"""An operator writes to everybody from the chat, corrects it, takes it back: real processes, real HTTP."""

from __future__ import annotations

import base64
import re

import pytest

from tests.processes import wait_until

pytestmark = pytest.mark.e2e

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ALBUM = """
WITH made AS (
    INSERT INTO broadcasts_broadcast (title, message_text, message_type)
    VALUES ('Album', 'Two pictures', 'album') RETURNING id)
INSERT INTO broadcasts_broadcastmedia (broadcast_id, position, kind, name, content)
SELECT id, position, 'photo', position || '.png', %s FROM made, generate_series(0, 1) AS position
"""
# What the chats show, without what was deleted.
SHOWN = "SELECT count(*) FROM sandbox_message WHERE text = %s"


@pytest.fixture(scope="module")
def people(house):
    """An owner and two readers who have a chat with the bot."""
    found = [house.person(name) for name in ("olivia_novak", "nikita_orlov", "sara_haddad")]
    for person in found:
        person.types("/start")
        wait_until(person.sees, "the greeting")
    return found


def start(owner, title):
    """Press what starts the broadcast on the owner's screen; the number of people it goes to."""
    owner.presses("▶️ Start")
    question = owner.waits_for(" now?")
    count = int(re.search(r"(\d+) people", question)[1])
    owner.presses(f"Yes, send to {count} people")
    notice = f"“{title}” is over: {count} received, 0 failed."
    wait_until(lambda: any(notice in text for text in owner.sees()), notice)
    owner.presses("Show")
    owner.waits_for("✅")
    return count


def test_from_the_chat_to_everybody_and_back(house, people):
    owner, nikita, _ = people
    owner.types("/broadcast Hello <b>{first_name|friend}</b>")
    owner.waits_for("Whom is")
    owner.presses("Everybody")
    assert "Hello Olivia" in owner.waits_for("As people will see it")
    assert start(owner, "Hello friend") >= 3
    nikita.waits_for("Hello Nikita")
    assert house.database.value(SHOWN, "Hello Nikita") == 1

    owner.presses("✏️ Correct")
    owner.waits_for("Send me the right text")
    owner.types("Good day, {first_name|friend}")
    nikita.waits_for("Good day, Nikita")
    owner.waits_for("received")
    assert house.database.value(SHOWN, "Hello Nikita") == 0

    owner.presses("↩️ Take back")
    # The notice that the correction is over may have come below the screen meanwhile.
    wait_until(lambda: any("is deleted from the chats" in text for text in owner.sees()), "the question")
    owner.presses("Yes, take it back")
    wait_until(lambda: house.database.value(SHOWN, "Good day, Nikita") == 0, "the deletion")


def test_an_album_travels_once_and_is_taken_back_whole(house, people):
    owner = people[0]
    files = house.database.value("SELECT count(*) FROM sandbox_file")
    house.database.rows(ALBUM, PIXEL)
    owner.types("/broadcasts")
    owner.waits_for("/broadcast makes a new one")
    owner.presses("📝 Album · draft")
    owner.waits_for("With it: album")
    count = start(owner, "Album")
    shown = "SELECT count(*) FROM sandbox_message WHERE file_id IS NOT NULL"
    assert house.database.value(SHOWN, "Two pictures") == count
    assert house.database.value(shown) == 2 * count
    assert house.database.value("SELECT count(*) FROM sandbox_file") == files + 2

    owner.presses("↩️ Take back")
    owner.waits_for("is deleted from the chats")
    owner.presses("Yes, take it back")
    wait_until(lambda: house.database.value(shown) == 0, "the deletion of every picture")
