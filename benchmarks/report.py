"""Writes down what was measured: results.json, results.md, throughput.png."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks import broadcast, full_path, sender, stand_in_capacity, statements

FOLDER = Path(__file__).resolve().parent
COLOURS = {full_path.BARE.name: "#8c8c8c"}
OURS = "#2f6fde"

FULL_PATH = """\
# Measurements

Written by `make bench` ({machine}). Absolute numbers belong to the machine; what carries over are
the ratios of runs that alternated on it.

## {updates:,} updates from {chats} chats

From the moment the updates wait at a Bot API stand-in on loopback until the last answer has arrived there.
Switchboard runs as one `manage.py runbot`, or two where it says so, with default settings but for the rate
limits, which are off: each update is stored, deduplicated, its sender recorded, routed, answered by a
view, the answer queued, sent and recorded. The bare bot is python-telegram-bot with its stock transport,
as its documentation shows it. Every run checks that each chat got each answer once and in order. Medians;
in brackets each round.

| bot | replies/s | ratio | CPU per update | of PostgreSQL | SQL statements | commits |
|---|---|---|---|---|---|---|"""
SENDER = """
![Replies per second](throughput.png)

## The sender alone

Messages to 200 chats queued by SQL, budget unlimited, until each is recorded as sent:
**{rate:.0f} messages/s** ({each}), {cpu:.2f} ms of the bot's CPU for each."""
CAMPAIGN = """
## A broadcast on Telegram's bad days

{recipients:,} recipients, default budget (30 messages/s, 1/s in a chat) and a stand-in that enforces it,
answers some calls with 400, 403, 429 and 500 and loses some connections: **{rate:.1f} messages/s**,
{too_fast} of them refused as too fast. Of the copies {outcomes}; the ledger agrees with what arrived.
Somebody who wrote a command every second meanwhile had the answer after {typical:.2f} s (median) and
{slow:.2f} s (99th percentile)."""
STATEMENTS = """
## Statements

Counted in runs of their own: all connections of the bot, its idle work too, without BEGIN and COMMIT."""
STAND_IN = """
## The stand-in

It takes {messages_per_second:.0f} messages/s from a client on the same machine,
{messages_per_cpu_second:.0f} per second of its own CPU time."""


@dataclass(frozen=True)
class Results:
    """Everything one `make bench` measured; of repeated runs the median counts."""

    machine: str
    load: full_path.Load
    full_path: list[full_path.Run]
    sender: list[sender.Run]
    statements: list[statements.Run]
    stand_in: stand_in_capacity.Run
    campaign: broadcast.Run

    def rates(self, contestant: str) -> list[float]:
        """Replies per second of each run of a contestant."""
        return [run.replies_per_second for run in self.full_path if run.contestant == contestant]

    def ratio(self, contestant: str) -> float:
        """How many times as fast as the bare bot, by medians."""
        return median(self.rates(contestant)) / median(self.rates(full_path.BARE.name))


def write(results: Results, folder: Path = FOLDER) -> str:
    """Write all three files into a folder; returns the table."""
    (folder / "results.json").write_text(json.dumps(asdict(results), indent=2) + "\n")
    text = as_markdown(results)
    (folder / "results.md").write_text(text)
    _plot(results, folder / "throughput.png")
    return text


def as_markdown(results: Results) -> str:
    """The results as people read them."""
    load, counts = results.load, {run.contestant: run for run in results.statements}
    lines = [FULL_PATH.format(machine=results.machine, updates=load.updates, chats=load.chats)]
    for contestant in full_path.CONTESTANTS:
        runs = [run for run in results.full_path if run.contestant == contestant.name]
        rounds = ", ".join(f"{run.replies_per_second:.0f}" for run in runs)
        count = counts.get(contestant.name)
        cells = (
            contestant.name,
            f"**{median(results.rates(contestant.name)):.0f}** ({rounds})",
            f"**{results.ratio(contestant.name):.2f}**",
            f"{median(run.bot_cpu_ms for run in runs):.2f} ms",
            f"{median(run.database_cpu_ms for run in runs):.2f} ms" if contestant.is_ours else "",
            f"{count.statements_per_update:.2f}" if count else "",
            f"{count.transactions_per_update:.2f}" if count else "",
        )
        lines.append(f"| {' | '.join(cells)} |")
    rates = [run.messages_per_second for run in results.sender]
    sender_cpu = median(run.bot_cpu_ms for run in results.sender)
    each = ", ".join(f"{rate:.0f}" for rate in rates)
    lines += [SENDER.format(rate=median(rates), each=each, cpu=sender_cpu), _campaign(results.campaign)]
    lines.append(STATEMENTS)
    for run in results.statements:
        lines += ["", f"{run.contestant}:", "", "| statement | per update |", "|---|---|"]
        lines += [
            f"| `{sql.replace('|', chr(92) + '|')}` | {count:.3f} |" for sql, count in run.dearest.items()
        ]
    lines.append(STAND_IN.format(**asdict(results.stand_in)))
    return "\n".join(lines) + "\n"


def _campaign(run: broadcast.Run) -> str:
    outcomes = ", ".join(f"{count} were {status}" for status, count in sorted(run.outcomes.items()))
    return CAMPAIGN.format(
        recipients=run.recipients,
        rate=run.messages_per_second,
        too_fast=run.too_fast or "none",
        outcomes=outcomes,
        typical=run.typical_answer,
        slow=run.slow_answer,
    )


def _plot(results: Results, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = [contestant.name for contestant in full_path.CONTESTANTS]
    figure, axes = plt.subplots(figsize=(9, 3.2), layout="constrained")
    for place, name in enumerate(names):
        rates = results.rates(name)
        axes.barh(place, median(rates), color=COLOURS.get(name, OURS), height=0.6)
        axes.plot(rates, [place] * len(rates), "o", color="black", markersize=4, alpha=0.6)
        label = f"  {median(rates):.0f}/s, {results.ratio(name):.2f}×"
        axes.text(max(rates), place, label, va="center")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * max(run.replies_per_second for run in results.full_path))
    axes.set_xlabel(
        f"replies per second ({results.load.updates:,} updates, {results.load.chats} chats; dots: rounds)"
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    plt.close(figure)
