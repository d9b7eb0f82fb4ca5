"""What auditing costs a write through the ORM: ours, other packages for Django, and nothing, side by side.

    python -m benchmarks.audit [--quick] [--rounds 9] [--output FOLDER]

Needs requirements-bench.txt. The contestants take turns, in single writes every ten, so that a busy machine
is unfair to all alike; each round begins with another one.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import django

from benchmarks import audit_report as report
from benchmarks.laboratory import connected_to
from tests.databases import Database, fresh_database, project_server

BULK = 5_000
SINGLES = 100
# Single writes before the next one's turn: a session that makes one at a time finds its caches cold.
TURN = 10
WARM_UP = 200  # small writes, after which a session has its plans for good

# Where those who record anything keep it.
EVENTS = {
    report.OURS: "audit.EventLog",
    "PghistoryRow": "contestants.PghistoryRowEvent",
    "PghistoryStatement": "contestants.PghistoryStatementEvent",
    "SimpleHistory": "contestants.HistoricalSimpleHistory",
    "Auditlog": "auditlog.LogEntry",
}

_numbers = count()


@dataclass(frozen=True)
class Operation:
    """Something that is measured.

    Attributes:
        run: does it once to a model's table; returns milliseconds.
        rows: how many rows it writes; an audit worth its name records as many events.
        times: how often in one session; the median counts.
    """

    name: str
    run: Callable[[Any], float]
    rows: int
    times: int = 1


def measure(server: Database, *, rounds: int) -> report.Results:
    """Let the contestants take turns in a database of their own.

    Args:
        server: where the database is made and dropped.
        rounds: how often each contestant is measured.
    """
    from django.db import connection

    with fresh_database(server) as database, connected_to(database.params["dbname"]):
        _prepare()
        names = list(report.CONTESTANTS)
        recorded = {}
        for operation in OPERATIONS:
            before = {name: _events(name) for name in names}
            _compete(replace(operation, times=1), names, is_warm=False)
            for name in names:
                recorded[operation.name, name] = _events(name) - before[name] == operation.rows
        _tell("rehearsed")
        runs = []
        for number in range(rounds):
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")
            first = number % len(names)
            turns = names[first:] + names[:first]
            for operation in OPERATIONS:
                for is_warm in report.STATES:
                    spent = _compete(operation, turns, is_warm=is_warm)
                    runs += [report.Run(operation.name, name, is_warm, number, spent[name]) for name in names]
            _tell(f"round {number + 1} of {rounds}")
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
    return report.Results(machine, runs, recorded)


def _prepare() -> None:
    """Make the tables, let ours be watched, and put rows in that can be changed."""
    import pgtrigger
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connection

    from audit.audited import watched
    from audit.operations import watched_table
    from config.schema import TimestampedModel, updated_at_trigger

    call_command("migrate", verbosity=0)
    ours = _model(report.OURS)
    keeps = watched(ours)
    assert keeps
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("contestants").get_models():
            editor.create_model(model)
            if issubclass(model, TimestampedModel):
                for statement in updated_at_trigger(model._meta.db_table):
                    editor.execute(statement, params=None)
        for statement in watched_table(ours, keeps, connection).create():
            editor.execute(statement, params=None)
    pgtrigger.install()
    for name in report.CONTESTANTS:
        _model(name).objects.bulk_create(_rows(_model(name)))


def _compete(operation: Operation, turns: list[str], *, is_warm: bool) -> dict[str, float]:
    """Let all do an operation in turn, each in a session of its own, as often as it is to be done.

    Returns:
        The median of each contestant's milliseconds.
    """
    if operation.times > 1:
        # The first writes to a page after a checkpoint copy all of it, whoever makes them.
        for name in turns:
            with _session(name) as session:
                for _ in range(TURN):
                    _in_session(session, operation.run, name)
    with ExitStack() as stack:
        sessions = {name: stack.enter_context(_session(name)) for name in turns}
        for name in turns if is_warm else ():
            for _ in range(WARM_UP // 2):
                _in_session(sessions[name], _insert, name)
                _in_session(sessions[name], _update, name)
        spent: dict[str, list[float]] = {name: [] for name in turns}
        for done in range(0, operation.times, TURN):
            for name in turns:
                for _ in range(min(TURN, operation.times - done)):
                    spent[name].append(_in_session(sessions[name], operation.run, name))
        return {name: median(times) for name, times in spent.items()}


@contextmanager
def _session(name: str) -> Iterator[Any]:
    """A connection on which nothing was done yet; ours tells the database with each write who acts."""
    from django.db import connection
    from django.db.backends.postgresql import base

    connection.close()
    connection.ensure_connection()
    session, connection.connection = connection.connection, None
    if name != report.OURS:
        session.cursor_factory = base.Cursor
    with session:
        yield session


def _in_session(session: Any, run: Callable[[Any], float], name: str) -> float:
    from django.db import connection

    from audit.context import acting

    connection.connection = session
    try:
        with acting(user_id="user:1", origin="admin", correlation_id="request:benchmark"):
            return run(_model(name))
    finally:
        connection.connection = None


def _insert(model: Any) -> float:
    [row] = _rows(model, 1)
    return _timed(row.save)


def _update(model: Any) -> float:
    number = next(_numbers)
    row = model.objects.order_by("pk")[number % 100]
    row.status = f"status {number}"
    return _timed(partial(row.save, update_fields=["status"]))


def _bulk_create(model: Any) -> float:
    rows = _rows(model)
    if hasattr(model, "history"):
        from simple_history.utils import bulk_create_with_history

        return _timed(lambda: bulk_create_with_history(rows, model))
    return _timed(lambda: model.objects.bulk_create(rows))


def _update_all(model: Any) -> float:
    first = model.objects.order_by("pk").values_list("pk", flat=True)[0]
    rows = model.objects.filter(pk__range=(first, first + BULK - 1))
    return _timed(lambda: rows.update(status=f"status {next(_numbers)}"))


OPERATIONS = (
    Operation(report.INSERT, _insert, rows=1, times=SINGLES),
    Operation(report.UPDATE, _update, rows=1, times=SINGLES),
    Operation(report.BULK_CREATE, _bulk_create, rows=BULK),
    Operation(report.UPDATE_ALL, _update_all, rows=BULK),
)


def _rows(model: Any, number: int = BULK) -> list[Any]:
    text = "What was ordered, and by when it is wanted. " * 3
    return [model(name=f"order {n}", status="new", amount=n, text=text) for n in range(number)]


def _timed(work: Callable[[], Any]) -> float:
    begins = time.perf_counter()
    work()
    return (time.perf_counter() - begins) * 1000


def _model(name: str) -> Any:
    from django.apps import apps

    return apps.get_model("contestants", name)


def _events(name: str) -> int:
    """How many events a contestant has recorded."""
    from django.apps import apps

    return int(apps.get_model(EVENTS[name]).objects.count()) if name in EVENTS else 0


def _tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description="Measure what auditing costs.")
    parser.add_argument("--quick", action="store_true", help="one round: to see that it works")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", type=Path, default=report.FOLDER, help="the folder for the results")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.audit_settings"
    django.setup()
    results = measure(project_server(), rounds=1 if options.quick else options.rounds)
    sys.stdout.write(report.write(results, options.output))


if __name__ == "__main__":
    main()
