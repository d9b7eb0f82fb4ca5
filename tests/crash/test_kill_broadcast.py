"""`kill -9` while a broadcast runs: everybody gets it at most once, and whose copy is in doubt is listed."""

from __future__ import annotations

import random
import time

import pytest

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database
from tests.processes import TOKEN, wait_until

FIRST_CHAT = 6_000_001
PEOPLE = """
WITH person AS (
    INSERT INTO accounts_telegramuser (telegram_id, first_name)
    SELECT %s + n, 'Person ' || n FROM generate_series(0, %s - 1) AS n
    RETURNING id, telegram_id)
INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id)
SELECT %s, telegram_id::text, id FROM person
"""
START = """
INSERT INTO broadcasts_broadcast (title, message_text, status, started_at, audience_size)
VALUES ('News', 'Hello, {first_name}!', 4, now(), %s)
"""
# What became of each person's copy.
COPIES = """
SELECT person.telegram_id, message.text, message.status
FROM engine_message AS message JOIN accounts_telegramuser AS person ON person.id = message.person_id
WHERE message.origin LIKE 'broadcast:%%'
"""
BROADCAST = "SELECT status, recipients_count, uncertain_count, failed_count FROM broadcasts_broadcast"
SENT = 2


def test_a_few_kills(start_bot, database, stand_in):
    kill_while_it_runs(start_bot, database, stand_in, recipients=300, kills=2)


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_ten_kills(start_bot, database, stand_in):
    kill_while_it_runs(start_bot, database, stand_in, recipients=3000, kills=10)


def kill_while_it_runs(
    start_bot, database: Database, stand_in: StandInClient, *, recipients: int, kills: int
) -> None:
    """Two processes make copies and send; one of them is killed at random, again and again."""
    database.rows(PEOPLE, FIRST_CHAT, recipients, int(TOKEN.split(":")[0]))
    bots = [start_bot(), start_bot("--no-polling")]
    wait_until(lambda: stand_in.state()["calls"].get("getUpdates"), "the first poll", seconds=60)
    database.rows(START, recipients)
    share = recipients // (kills + 1)
    for number in range(kills):
        reached = share * number + random.randrange(1, share)
        wait_until_said(database, stand_in, reached)
        time.sleep(random.uniform(0, 0.05))
        victim = random.randrange(len(bots))
        bots[victim].kill()
        bots[victim] = start_bot(*([], ["--no-polling"])[victim])
    wait_until(lambda: is_over(database), "the broadcast to be over", seconds=90, every=0.2)
    check(database, stand_in, recipients)


def wait_until_said(database: Database, stand_in: StandInClient, count: int) -> None:
    """Wait until so many messages reached the stand-in, or all that will.

    What a killed process had claimed and not sent is uncertain in the end, and never arrives.
    """
    wait_until(
        lambda: said(stand_in) >= count or is_over(database), f"{count} copies", seconds=60, every=0.01
    )


def is_over(database: Database) -> bool:
    """Whether every copy was settled."""
    return bool(database.rows(BROADCAST)[0][0] == SENT)


def said(stand_in: StandInClient) -> int:
    """How many messages reached the stand-in so far."""
    return int(stand_in.state()["said"])


def check(database: Database, stand_in: StandInClient, recipients: int) -> None:
    """Compare the ledger with what arrived."""
    copies = {chat: (text, status) for chat, text, status in database.rows(COPIES)}
    assert len(database.rows(COPIES)) == recipients, "somebody has no copy, or two"
    assert set(copies) == set(range(FIRST_CHAT, FIRST_CHAT + recipients))
    arrived = [(message.chat, message.text) for message in stand_in.ledger()]
    assert len(arrived) == len({chat for chat, _ in arrived}), "somebody got it twice"
    assert all(copies[chat][0] == text for chat, text in arrived), "somebody got somebody else's"

    sent = {chat for chat, (_, status) in copies.items() if status == "sent"}
    uncertain = {chat for chat, (_, status) in copies.items() if status == "uncertain"}
    got = {chat for chat, _ in arrived}
    assert sent | uncertain == set(copies), "a copy is neither sent nor uncertain"
    assert sent <= got, "a copy is recorded as sent and was not"
    assert got - sent <= uncertain, "a copy arrived and is neither sent nor uncertain"
    assert database.rows(BROADCAST) == [(SENT, len(sent), len(uncertain), 0)]
