"""Writes down what auditing costs: audit.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).resolve().parent
BASE, OURS = "Unaudited", "Ours"
# The models of benchmarks.audit_contestants, and what they are called here.
CONTESTANTS = {
    BASE: "not audited",
    OURS: "**Switchboard**",
    "PghistoryRow": "django-pghistory, row triggers",
    "PghistoryStatement": "django-pghistory, statement triggers",
    "SimpleHistory": "django-simple-history",
    "Auditlog": "django-auditlog",
}
INSERT, UPDATE = "insert of one row", "update of one row"
BULK_CREATE, UPDATE_ALL = "bulk_create of 5,000", "queryset.update of 5,000"
# How many times as long as without auditing ours may take.
LIMITS = {INSERT: 1.3, UPDATE: 1.3, BULK_CREATE: 2.0, UPDATE_ALL: 3.0}

HEAD = """\
# What auditing costs

Written by `make bench` ({machine}).

Each contestant has a table of its own, like the middle one of Switchboard's tables, which have one to
fifteen indexes: time stamps that the database keeps, three indexes beside the key, two constraints; all in
one database. All take turns, in single writes every ten, {rounds} rounds long; each round begins with
another, and each measurement is made in a session of its own. Single rows are saved by `save()` in
autocommit, one hundred times in a session, of which the median counts, after ten in another session: the
first writes after a checkpoint copy whole pages. An update changes one column. Ours records who acts, from
where and in which request; the others are told of nobody, which is less work. A ratio is a contestant's
time divided by that of the table that is not audited in the same round: medians, in brackets each round.
“Nothing recorded”: the package does not notice these writes. django-simple-history creates many rows by its
own `bulk_create_with_history`."""
STATES = {
    False: "In new sessions",
    True: "In sessions that have made 200 small writes before (where plans made for one row would be kept)",
}


@dataclass(frozen=True)
class Run:
    """One measurement, in milliseconds; `is_warm`: the session had made small writes before."""

    operation: str
    contestant: str
    is_warm: bool
    round: int
    milliseconds: float


@dataclass(frozen=True)
class Results:
    """Everything that was measured; `recorded`: whether an operation's every row is, by contestant."""

    machine: str
    runs: list[Run]
    recorded: dict[tuple[str, str], bool]

    def spent(self, operation: str, contestant: str, *, is_warm: bool) -> list[float]:
        """Milliseconds of each round."""
        wanted = (operation, contestant, is_warm)
        runs = [run for run in self.runs if (run.operation, run.contestant, run.is_warm) == wanted]
        return [run.milliseconds for run in sorted(runs, key=lambda run: run.round)]

    def ratios(self, operation: str, contestant: str, *, is_warm: bool) -> list[float]:
        """How many times as long as without auditing, in each round."""
        spent = self.spent(operation, contestant, is_warm=is_warm)
        base = self.spent(operation, BASE, is_warm=is_warm)
        return [mine / other for mine, other in zip(spent, base, strict=True)]


def write(results: Results, folder: Path = FOLDER) -> str:
    """Write audit.md into a folder; returns the text."""
    text = as_markdown(results)
    (folder / "audit.md").write_text(text)
    return text


def as_markdown(results: Results) -> str:
    """The results as people read them."""
    rounds = len({run.round for run in results.runs})
    lines = [HEAD.format(machine=results.machine, rounds=rounds)]
    for is_warm, title in STATES.items():
        lines += ["", f"## {title}", "", f"| | {' | '.join(LIMITS)} |", "|---" * (len(LIMITS) + 1) + "|"]
        for name, called in CONTESTANTS.items():
            cells = [_cell(results, operation, name, is_warm=is_warm) for operation in LIMITS]
            lines.append(f"| {called} | {' | '.join(cells)} |")
        lines.append(f"| *limit for ours* | {' | '.join(f'{limit:.1f}' for limit in LIMITS.values())} |")
    return "\n".join(lines) + "\n"


def _cell(results: Results, operation: str, name: str, *, is_warm: bool) -> str:
    if name == BASE:
        return f"{median(results.spent(operation, name, is_warm=is_warm)):.2f} ms"
    ratios = results.ratios(operation, name, is_warm=is_warm)
    rounds = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    is_recorded = results.recorded[operation, name]
    return (
        f"**{median(ratios):.2f}** ({rounds})" if is_recorded else f"{median(ratios):.2f}, nothing recorded"
    )
