"""Writes down what broadcasts cost: broadcasts.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import broadcast_rate, broadcast_scale

FOLDER = Path(__file__).resolve().parent
# What a pre-flight and a pause may take, in seconds.
PREFLIGHT_LIMIT, PAUSE_LIMIT = 2.0, 1.0

HEAD = """\
# What broadcasts cost

Written by `make bench` ({machine}).
Sender, PostgreSQL and the Bot API stand-in share the machine: absolute numbers belong to it, ratios carry
over. How a broadcast fares within Telegram's ordinary limits, on a bad day, is in [results.md](results.md).

## Very many recipients

`manage.py runbot`, one process, no limit on the rate. Beside the recipients there are a twelfth as many who
blocked the bot, opted out or were switched off; every tenth person has quiet hours. Each run checks that
exactly the recipients got it, each once, pauses included.

| recipients | messages/s | memory before | at most | more |
|---|---|---|---|---|"""
PREFLIGHT = """
Seconds for a pre-flight (who gets it, who is left out and why, who sleeps), {times} times in a row; limit \
{limit:.0f} s:

| recipients | audience | first | slowest |
|---|---|---|---|"""
PAUSE = """
Pauses while it ran as fast as it could, each resumed: seconds from the press until the operator has the \
answer, and until the last copy arrived at Telegram; limit {limit:.0f} s. Nothing followed in the next \
{watched:.0f} seconds.

| recipients | recorded | last copy | copies left |
|---|---|---|---|"""
RATE = """
## As fast as it goes

{recipients:,} recipients, a personal text each; from the first to the last that arrived. A loop is what one
writes with the library and nothing else: it stores nothing, and after a crash nobody knows who got it. Ours
makes a copy for each recipient, claims it, sends it and records the outcome. The stand-in answers at once,
on loopback; across a network, a loop that sends one after the other waits for every answer. With 1,000/s
allowed, which is what Telegram takes of those who pay, the stand-in enforces it. Contestants take turns;
medians, in brackets each round; the ratio is to the first.

| | messages/s | ratio | CPU per message | of PostgreSQL | refused as too fast |
|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Results:
    """Everything that was measured; `recipients`: of each run in `rates`."""

    machine: str
    recipients: int
    scale: list[broadcast_scale.Run]
    rates: list[broadcast_rate.Run]

    def of(self, contestant: str) -> list[broadcast_rate.Run]:
        """The runs of a contestant."""
        return [run for run in self.rates if run.contestant == contestant]

    def rate(self, contestant: str) -> float:
        """The median of its messages per second."""
        return median(run.messages_per_second for run in self.of(contestant))


def write(results: Results, folder: Path = FOLDER) -> str:
    """Write broadcasts.md into a folder; returns the text."""
    text = as_markdown(results)
    (folder / "broadcasts.md").write_text(text)
    return text


def as_markdown(results: Results) -> str:
    """The results as people read them."""
    return "\n".join([*_scale(results), *_rates(results)]) + "\n"


def _scale(results: Results) -> Iterator[str]:
    yield HEAD.format(machine=results.machine)
    for run in results.scale:
        more = run.peak_mb - run.idle_mb
        memory = f"{run.idle_mb:.0f} MiB | {run.peak_mb:.0f} MiB | {more:.1f} MiB"
        yield f"| {run.recipients:,} | {run.messages_per_second:.0f} | {memory} |"
    yield PREFLIGHT.format(times=broadcast_scale.PREFLIGHTS, limit=PREFLIGHT_LIMIT)
    for run in results.scale:
        for audience, seconds in run.preflight.items():
            yield f"| {run.recipients:,} | {audience} | {seconds[0]:.2f} | {max(seconds):.2f} |"
    yield PAUSE.format(limit=PAUSE_LIMIT, watched=broadcast_scale.WATCHED_SECONDS)
    for run in results.scale:
        for pause in run.pauses:
            yield f"| {run.recipients:,} | {pause.decided:.2f} | {pause.felt:.2f} | {pause.left:,} |"


def _rates(results: Results) -> Iterator[str]:
    yield RATE.format(recipients=results.recipients)
    base = results.rate(broadcast_rate.PLAIN.name)
    for contestant in broadcast_rate.CONTESTANTS:
        runs, rate = results.of(contestant.name), results.rate(contestant.name)
        rounds = ", ".join(f"{run.messages_per_second:.0f}" for run in runs)
        is_ours = not contestant.command
        cells = (
            contestant.name,
            f"**{rate:.0f}** ({rounds})",
            f"{rate / base:.2f}",
            f"{median(run.cpu_ms for run in runs):.2f} ms",
            f"{median(run.database_cpu_ms for run in runs):.2f} ms" if is_ours else "",
            str(max(run.too_fast for run in runs)) if contestant.limit else "",
        )
        yield f"| {' | '.join(cells)} |"
