"""A broadcast on Telegram's bad days, and what it leaves for everybody else.

The stand-in enforces Telegram's limits (30 messages/s, 1/s in a chat) and answers some calls with 400, 403,
429 and 500, or loses the connection. Meanwhile somebody writes a command again and again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.bot_api_stand_in.client import StandInClient
from benchmarks.laboratory import Laboratory, laboratory
from tests.databases import Database
from tests.processes import TOKEN, wait_until

FIRST_CHAT = 6_000_001
ASKER = 7_000_001
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
OUTCOMES = "SELECT status, count(*)::int FROM engine_message WHERE origin LIKE 'broadcast:%%' GROUP BY status"
SENT_TO = """
SELECT person.telegram_id FROM engine_message AS message
JOIN accounts_telegramuser AS person ON person.id = message.person_id
WHERE message.origin LIKE 'broadcast:%%' AND message.status = ANY(%s)
"""
# One after the other, again and again; each strikes rarely enough to be a bad day and not the end of it.
TROUBLE = (
    {"every": 40, "kind": "error"},
    {"every": 50, "kind": "drop", "recorded": True},
    {"every": 40, "kind": "refuse"},
    {"every": 45, "kind": "drop", "recorded": False},
    {"every": 120, "kind": "flood", "seconds": 1},
)
TROUBLE_SECONDS = 5.0
ASK_SECONDS = 1.0


@dataclass
class Run:
    """One measurement.

    Attributes:
        messages_per_second: calls that reached Telegram, from the first to the last.
        outcomes: how many copies ended how.
        too_fast: calls that Telegram refused because of our pacing.
        answer_seconds: how long each command waited for its answer meanwhile.
    """

    recipients: int
    messages_per_second: float
    outcomes: dict[str, int]
    too_fast: int
    answer_seconds: list[float] = field(repr=False)

    @property
    def typical_answer(self) -> float:
        """The median wait for an answer, in seconds."""
        return median(self.answer_seconds)

    @property
    def slow_answer(self) -> float:
        """The 99th percentile of the wait, in seconds."""
        return quantiles(self.answer_seconds, n=100, method="inclusive")[98]


def run(server: Database, template: str, recipients: int) -> Run:
    """Measure once.

    Raises:
        AssertionError: the ledger and what arrived disagree.
    """
    with laboratory(server, template) as lab:
        lab.processes.environment |= {"MESSAGES_PER_SECOND": "30", "MESSAGES_PER_SECOND_IN_CHAT": "1"}
        lab.database.rows(PEOPLE, FIRST_CHAT, recipients, int(TOKEN.split(":")[0]))
        lab.start_engine()
        lab.stand_in.limits(per_second=30, per_second_in_chat=1, burst=3)
        lab.stand_in.block(*range(FIRST_CHAT, FIRST_CHAT + recipients, 50))
        with _Life(lab.stand_in) as life:
            lab.database.rows(START, recipients)
            over = "SELECT status = 2 FROM broadcasts_broadcast"
            most = recipients / 5 + 60
            wait_until(lambda: lab.database.value(over), "the end of the broadcast", seconds=most)
        return _measured(lab, life, recipients)


def _measured(lab: Laboratory, life: _Life, recipients: int) -> Run:
    ledger = lab.stand_in.ledger()
    copies = [said for said in ledger if said.text.startswith("Hello, ")]
    outcomes = dict(lab.database.rows(OUTCOMES))
    arrived = Counter(said.chat for said in copies)
    sent = {chat for (chat,) in lab.database.rows(SENT_TO, ["sent"])}
    in_doubt = {chat for (chat,) in lab.database.rows(SENT_TO, ["uncertain"])}
    assert sum(outcomes.values()) == recipients, f"not one copy for each: {outcomes}"
    assert max(arrived.values()) == 1, "somebody got it twice"
    assert sent <= set(arrived), "a copy is recorded as sent and was not"
    assert set(arrived) - sent <= in_doubt, "a copy arrived that nobody knows of"
    answered_at = {said.text: said.at for said in ledger}
    waits = [answered_at[text] - asked_at for text, asked_at in life.asked.items() if text in answered_at]
    seconds = copies[-1].at - copies[0].at
    # Whatever the answer was, a call took its place in the budget.
    calls = sum(outcomes.values())
    return Run(recipients, calls / seconds, outcomes, int(lab.stand_in.state()["too_fast"]), waits)


class _Life:
    """What goes on meanwhile: Telegram's troubles, and somebody who asks."""

    def __init__(self, stand_in: StandInClient) -> None:
        self._stand_in = stand_in
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._trouble), threading.Thread(target=self._ask)]
        self.asked: dict[str, float] = {}

    def __enter__(self) -> _Life:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _trouble(self) -> None:
        number = 0
        while not self._over.wait(TROUBLE_SECONDS):
            self._stand_in.fault(**TROUBLE[number % len(TROUBLE)])
            number += 1
        self._stand_in.fault()

    def _ask(self) -> None:
        number = 0
        while not self._over.wait(ASK_SECONDS):
            # Each from a chat of its own: a chat's own limit is not what is measured here.
            text = f"/echo {number}"
            self.asked[text] = time.time()
            self._stand_in.load(1, chats=1, text=text, first_chat=ASKER + number)
            number += 1
