"""How fast a broadcast leaves when Telegram takes whatever comes, beside loops over two client libraries.

The loops store nothing: who got it is not known when they are killed. Ours makes a copy for each recipient,
claims it, sends it and records what became of it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.broadcast import FIRST_CHAT, PEOPLE, START
from benchmarks.laboratory import Laboratory, cpu_seconds, laboratory
from tests.databases import Database
from tests.processes import TOKEN, Running, wait_until

# What Telegram takes of a bot that pays for it, in messages a second:
# https://core.telegram.org/bots/faq#how-can-i-message-all-of-my-bot-39s-subscribers-at-once
PAID_RATE = 1000
# As many as one of our processes has under way.
AT_ONCE = 64


@dataclass(frozen=True)
class Contestant:
    """Somebody who sends a broadcast.

    Attributes:
        command: what to run for a loop; none for ours.
        processes: how many of ours share the work.
        limit: messages a second that ours keeps to and Telegram enforces; 0 without.
    """

    name: str
    command: Sequence[str] = ()
    processes: int = 1
    limit: int = 0


def _loop(name: str, module: str, at_once: int) -> Contestant:
    arguments = [sys.executable, "-m", f"benchmarks.{module}", "{first}", "{recipients}", str(at_once)]
    how = f"{at_once} at once" if at_once > 1 else "one after the other"
    return Contestant(f"{name}, a loop, {how}", arguments)


OURS = Contestant("**Switchboard**, one process")
OURS_TWICE = Contestant("**Switchboard**, two processes", processes=2)
OURS_PAID = Contestant("**Switchboard**, two processes, 1,000/s allowed", processes=2, limit=PAID_RATE)
PLAIN = _loop("python-telegram-bot", "broadcast_python_telegram_bot", 1)
CONTESTANTS = (
    PLAIN,
    _loop("python-telegram-bot", "broadcast_python_telegram_bot", AT_ONCE),
    _loop("aiogram", "broadcast_aiogram", 1),
    _loop("aiogram", "broadcast_aiogram", AT_ONCE),
    OURS,
    OURS_TWICE,
    OURS_PAID,
)


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes:
        messages_per_second: from the first to the last that arrived.
        cpu_ms: CPU time of the sending processes for each message, in milliseconds.
        database_cpu_ms: the same for their connections' server processes.
        too_fast: calls that Telegram refused because they came too fast.
    """

    contestant: str
    messages_per_second: float
    cpu_ms: float
    database_cpu_ms: float
    too_fast: int


def run(server: Database, template: str, contestant: Contestant, recipients: int) -> Run:
    """Measure one contestant once.

    Raises:
        AssertionError: somebody did not get it, or got it twice.
    """
    with laboratory(server, template) as lab:
        send = _loop_sends if contestant.command else _we_send
        spent, spent_by_database = send(lab, contestant, recipients)
        ledger = lab.stand_in.ledger()
        arrived = Counter(said.chat for said in ledger)
        assert set(arrived) == set(range(FIRST_CHAT, FIRST_CHAT + recipients)), "somebody did not get it"
        assert max(arrived.values()) == 1, "somebody got it twice"
        return Run(
            contestant=contestant.name,
            messages_per_second=(recipients - 1) / (ledger[-1].at - ledger[0].at),
            cpu_ms=1000 * spent / recipients,
            database_cpu_ms=1000 * spent_by_database / recipients,
            too_fast=int(lab.stand_in.state()["too_fast"]),
        )


def _loop_sends(lab: Laboratory, contestant: Contestant, recipients: int) -> tuple[float, float]:
    values = {"first": FIRST_CHAT, "recipients": recipients}
    loop = lab.processes.start("loop", [part.format(**values) for part in contestant.command])
    before = 0.0

    def begins() -> bool:
        nonlocal before
        spent = cpu_seconds(loop.process.pid)
        if lab.stand_in.state()["said"]:
            return True
        assert loop.is_alive, f"The loop ended:\n{loop.output[-3000:]}"
        before = spent  # starting is no part of it, and neither is ending
        return False

    wait_until(begins, "the first message", seconds=60, every=0.005)
    lab.stand_in.wait_until_said(recipients, seconds=recipients / 20 + 60)
    return cpu_seconds(loop.process.pid) - before, 0.0


def _we_send(lab: Laboratory, contestant: Contestant, recipients: int) -> tuple[float, float]:
    lab.processes.environment["MESSAGES_PER_SECOND"] = str(contestant.limit)
    lab.processes.environment["PAID_BROADCASTS"] = str(contestant.limit == PAID_RATE)
    lab.stand_in.limits(per_second=contestant.limit)
    lab.database.rows(PEOPLE, FIRST_CHAT, recipients, int(TOKEN.split(":")[0]))
    lab.database.rows("ANALYZE")
    bots = [lab.start_engine()]
    for _ in range(contestant.processes - 1):
        bots.append(lab.processes.manage("runbot", "--no-polling"))
        bots[-1].wait_for("is running", seconds=60)
    before = _clocks(lab, bots)
    lab.database.rows(START, recipients)
    over = "SELECT status = 2 FROM broadcasts_broadcast"
    wait_until(lambda: lab.database.value(over), "the end of the broadcast", seconds=recipients / 20 + 60)
    after = _clocks(lab, bots)
    return after[0] - before[0], after[1] - before[1]


def _clocks(lab: Laboratory, bots: Sequence[Running]) -> tuple[float, float]:
    return sum(cpu_seconds(bot.process.pid) for bot in bots), lab.backend_cpu_seconds()
