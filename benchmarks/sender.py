"""The sender alone: messages queued by SQL, until each is recorded as sent."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.laboratory import cpu_seconds, laboratory
from tests.databases import Database
from tests.processes import TOKEN, wait_until

DIALOGS = """
INSERT INTO engine_dialog (bot_id, telegram_dialog_id)
SELECT %s, 5000000 + n FROM generate_series(1, %s) AS n
"""
MESSAGES = """
WITH queued AS (
    INSERT INTO engine_message (dialog_id, direction, text)
    SELECT dialog.id, 'outbound', number::text
    FROM generate_series(1, %s) AS number
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM engine_dialog) AS dialog
      ON dialog.place = number %% %s
    ORDER BY number.number)
SELECT pg_notify('engine_messages', '')
"""
CHATS = 200


@dataclass(frozen=True)
class Run:
    """One measurement: messages sent and recorded per second; CPU time of the bot for each, in ms."""

    messages_per_second: float
    bot_cpu_ms: float


def run(server: Database, template: str, messages: int) -> Run:
    """Measure once.

    Raises:
        AssertionError: a message was lost, repeated or sent out of its chat's order.
    """
    with laboratory(server, template) as lab:
        lab.database.rows(DIALOGS, int(TOKEN.split(":")[0]), CHATS)
        bot = lab.start_engine()
        before = cpu_seconds(bot.process.pid)
        started = time.time()
        lab.database.rows(MESSAGES, messages, CHATS)
        with lab.database.connect() as connection:
            unsent = "SELECT count(*) FROM engine_message WHERE status <> 'sent'"
            wait_until(
                lambda: connection.execute(unsent).fetchone() == (0,), "all messages to be sent", seconds=120
            )
        seconds = time.time() - started
        spent = cpu_seconds(bot.process.pid) - before

        for chat, texts in lab.stand_in.said_by_chat().items():
            place = (chat - 5_000_001) % CHATS
            expected = [str(n) for n in range(1, messages + 1) if n % CHATS == place]
            assert texts == expected, f"chat {chat} got {texts}"
        return Run(messages / seconds, 1000 * spent / messages)
