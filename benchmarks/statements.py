"""SQL statements and transactions that one update costs, counted in a run of their own."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.full_path import Contestant, Load
from benchmarks.laboratory import Laboratory, laboratory
from tests.databases import Database
from tests.processes import Running, wait_until


@dataclass(frozen=True)
class Run:
    """What one update costs; `dearest` are the statements that ran most often, by update."""

    contestant: str
    statements_per_update: float
    transactions_per_update: float
    dearest: dict[str, float]


def run(server: Database, template: str, contestant: Contestant, load: Load) -> Run:
    """Count once; everything the bot does meanwhile counts, its idle work too."""
    with tempfile.TemporaryDirectory() as folder, laboratory(server, template) as lab:
        report = Path(folder) / "statements.json"
        bot = lab.start_engine(COUNT_STATEMENTS_IN=str(report))
        before, transactions = _counted(bot, report), _transactions(lab)
        lab.stand_in.load(load.updates, chats=load.chats, text=f"{contestant.command} {{k}}")
        lab.stand_in.wait_until_said(load.updates, seconds=300)
        unsent = "SELECT count(*) FROM engine_message WHERE status IN ('queued', 'sending')"
        wait_until(lambda: lab.database.value(unsent) == 0, "all messages to be sent")
        spent = _counted(bot, report) - before
        transactions = _transactions(lab) - transactions
    dearest = {sql: round(count / load.updates, 3) for sql, count in spent.most_common(12)}
    return Run(contestant.name, spent.total() / load.updates, transactions / load.updates, dearest)


def _counted(bot: Running, report: Path) -> Counter[str]:
    report.unlink(missing_ok=True)
    bot.process.send_signal(signal.SIGUSR1)
    wait_until(report.exists, "the bot's statement count")
    return Counter(json.loads(report.read_text()))


def _transactions(lab: Laboratory) -> int:
    # PostgreSQL's processes report at most once a second.
    time.sleep(1.2)
    return int(
        lab.database.value("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    )
