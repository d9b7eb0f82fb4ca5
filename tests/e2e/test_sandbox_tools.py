"""Faults and the reset as the running bot meets them: real processes, a real connection that breaks."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import House
from tests.processes import wait_until

pytestmark = pytest.mark.e2e

ASK = """
from telegrambot.sandbox import faults, people
from telegrambot.sandbox.models import SandboxPerson
faults.switch_on({kind!r}, method="sendMessage", calls=1)
people.send_text(SandboxPerson.objects.get(username={username!r}), "/help")
"""
SAY = """
from telegrambot.sandbox import people
from telegrambot.sandbox.models import SandboxPerson
people.send_text(SandboxPerson.objects.get(username={username!r}), "/help")
"""
ANSWERS = """
SELECT message.status FROM engine_message AS message
JOIN engine_dialog AS dialog ON dialog.id = message.dialog_id
JOIN accounts_telegramuser AS person ON person.id = dialog.person_id
WHERE message.direction = 'outbound' AND person.username = %s
"""
SHOWN = """
SELECT count(*) FROM sandbox_message AS message
JOIN sandbox_person AS person ON person.telegram_id = message.chat_id
WHERE message.sender_id IS NULL AND person.username = %s
"""


@pytest.mark.parametrize(
    ("username", "kind", "status", "shown"),
    [
        ("olivia_novak", "drop_after", "uncertain", 1),
        ("nikita_orlov", "drop_before", "uncertain", 0),
        ("sara_haddad", "429", "sent", 1),
    ],
)
def test_what_becomes_of_an_answer(house: House, username: str, kind: str, status: str, shown: int) -> None:
    house.processes.run("shell", "--command", ASK.format(kind=kind, username=username))

    def settled() -> list[tuple[str]]:
        rows = house.database.rows(ANSWERS, username)
        return rows if rows and rows[0][0] not in {"queued", "sending"} else []

    assert wait_until(settled, "the answer to be settled") == [(status,)]
    assert house.database.value(SHOWN, username) == shown
    told = "SELECT status FROM sandbox_log WHERE fault = %s AND name = 'sendMessage'"
    assert house.database.rows(told, kind) == [(429 if kind == "429" else 0,)]


def test_telegram_is_down_and_comes_back(house: House) -> None:
    switch = "from telegrambot.sandbox import faults; faults.{}"
    waiting = "SELECT count(*) FROM sandbox_update"
    house.processes.run("shell", "--command", switch.format("switch_on('down')"))
    house.processes.run("shell", "--command", SAY.format(username="nikita_orlov"))
    dropped = "SELECT count(*) FROM sandbox_log WHERE fault = 'down' AND status = 0"
    wait_until(lambda: house.database.value(dropped), "the bot to find Telegram down")
    assert house.database.value(waiting) >= 1

    house.processes.run("shell", "--command", switch.format("clear()"))

    wait_until(lambda: house.database.value(SHOWN, "nikita_orlov"), "the answer after all")


def test_after_a_reset_everything_begins_anew(house: House) -> None:
    house.processes.run("shell", "--command", SAY.format(username="nikita_orlov"))
    wait_until(lambda: house.database.value(SHOWN, "nikita_orlov"), "something to reset")

    house.processes.run("shell", "--command", "from telegrambot.sandbox import demo; demo.reset()")
    known = "SELECT count(*) FROM accounts_telegramuser WHERE username = 'nikita_orlov'"
    assert house.database.value(known) == 0
    assert house.database.value(SHOWN, "nikita_orlov") == 0

    house.processes.run("shell", "--command", SAY.format(username="nikita_orlov"))

    wait_until(lambda: house.database.value(SHOWN, "nikita_orlov"), "the answer to a stranger")
    assert house.database.value(known) == 1
    assert house.database.rows("SELECT DISTINCT status FROM engine_inboundupdate") == [("done",)]
