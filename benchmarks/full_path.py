"""Updates in, answers out: the whole way through the product, beside a bot that stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bot_api_stand_in.state import FIRST_CHAT
from benchmarks.laboratory import Laboratory, cpu_seconds, laboratory
from tests.databases import Database
from tests.processes import Running, wait_until

WARM_UP = 64
FIRST_STRANGER = 9_000_001


@dataclass(frozen=True)
class Contestant:
    """A bot, and what people write to it.

    Attributes:
        processes: how many share the work; the first one polls.
    """

    name: str
    command: str
    is_ours: bool = True
    processes: int = 1


BARE = Contestant("bare python-telegram-bot, stores nothing", "/echo", is_ours=False)
ECHO = Contestant("Switchboard, a view that only answers", "/echo")
CATALOGUE = Contestant("Switchboard, a view with two ORM queries", "/catalogue")
PAIR = Contestant("Switchboard in two processes, two ORM queries", "/catalogue", processes=2)
CONTESTANTS = (BARE, ECHO, CATALOGUE, PAIR)


@dataclass(frozen=True)
class Load:
    """How much is asked."""

    updates: int = 3000
    chats: int = 200


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes:
        replies_per_second: from the moment the updates were there until the last answer had arrived.
        bot_cpu_ms: CPU time of the bot's processes for one update, in milliseconds.
        database_cpu_ms: the same for its connections' server processes.
    """

    contestant: str
    replies_per_second: float
    bot_cpu_ms: float
    database_cpu_ms: float


def run(server: Database, template: str, contestant: Contestant, load: Load) -> Run:
    """Measure one contestant once.

    Raises:
        AssertionError: it lost, repeated or reordered an answer; its numbers would be worth nothing.
    """
    with laboratory(server, template) as lab:
        bots = [lab.start_engine() if contestant.is_ours else lab.start_bare_bot()]
        bots += [lab.start_another_process() for _ in range(contestant.processes - 1)]
        lab.stand_in.load(
            WARM_UP, chats=WARM_UP // 4, text=f"{contestant.command} warm", first_chat=FIRST_STRANGER
        )
        lab.stand_in.wait_until_said(WARM_UP, seconds=60)
        _settled(lab, contestant)

        before = _clocks(lab, bots)
        started = lab.stand_in.load(load.updates, chats=load.chats, text=f"{contestant.command} {{k}}")
        state = lab.stand_in.wait_until_said(WARM_UP + load.updates, seconds=300)
        _settled(lab, contestant)
        after = _clocks(lab, bots)

        _check(lab, contestant, load)
        spent = [1000 * (late - early) / load.updates for early, late in zip(before, after, strict=True)]
        return Run(contestant.name, load.updates / (state["last_said_at"] - started), *spent)


def _clocks(lab: Laboratory, bots: Sequence[Running]) -> tuple[float, float]:
    return sum(cpu_seconds(bot.process.pid) for bot in bots), lab.backend_cpu_seconds()


def _settled(lab: Laboratory, contestant: Contestant) -> None:
    """Wait until nothing is under way: what is recorded after the answer is part of the work too."""
    if contestant.is_ours:
        open_work = """
            SELECT (SELECT count(*) FROM engine_inboundupdate WHERE status = 'pending')
                 + (SELECT count(*) FROM engine_message WHERE status IN ('queued', 'sending'))"""
        wait_until(lambda: lab.database.value(open_work) == 0, "everything to be recorded")


def _check(lab: Laboratory, contestant: Contestant, load: Load) -> None:
    for chat, texts in lab.stand_in.said_by_chat().items():
        if chat < FIRST_STRANGER:
            count = len(range(chat - FIRST_CHAT, load.updates, load.chats))
            expected = [f"{contestant.command} {k}" for k in range(count)]
            found = [text.split("\n")[0] for text in texts]
            assert found == expected, f"{contestant.name}: chat {chat} got {found}"
