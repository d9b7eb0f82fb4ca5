"""What auditing costs a write through the ORM: ours, other packages for Django, and nothing, side by side.

    python -m benchmarks.audit [--quick] [--rounds 9] [--output FOLDER]

Needs requirements-bench.txt. The contestants take turns with each operation, so that a busy machine is unfair
to all alike; each round begins with another one.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
        run: does it to a model's table; returns milliseconds.
        rows: how many rows it writes; an audit worth its name records as many events.
    """

    name: str
    run: Callable[[Any], float]
    rows: int


def measure(server: Database, *, rounds: int) -> report.Results:
    """Let the contestants take turns in a database of their own.

    Args:
        server: where the database is made and dropped.
        rounds: how often each contestant is measured.
    """
    from django.db import connection

    with fresh_database(server) as database, connected_to(database.params["dbname"]):
        _prepare()
        recorded = {(operation.name, name): _recorded(operation, name) for operation, name in _pairs()}
        _tell("rehearsed")
        runs = []
        for number in range(rounds):
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")
            names = list(report.CONTESTANTS)
            first = number % len(names)
            turns = names[first:] + names[:first]
            for operation in OPERATIONS:
                for is_warm in (False, True):
                    for name in turns:
                        spent = _measured(operation, name, is_warm=is_warm)
                        runs.append(report.Run(operation.name, name, is_warm, number, spent))
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

    call_command("migrate", verbosity=0)
    ours = _model(report.OURS)
    keeps = watched(ours)
    assert keeps
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("contestants").get_models():
            editor.create_model(model)
        for statement in watched_table(ours, keeps, connection).create():
            editor.execute(statement, params=None)
    pgtrigger.install()
    for name in report.CONTESTANTS:
        _model(name).objects.bulk_create(_rows(_model(name)))


def _pairs() -> Iterator[tuple[Operation, str]]:
    return ((operation, name) for operation in OPERATIONS for name in report.CONTESTANTS)


def _recorded(operation: Operation, name: str) -> bool:
    """Whether a contestant records every row that an operation writes."""
    before = _events(name)
    _measured(operation, name, is_warm=False)
    return _events(name) - before == operation.rows


def _measured(operation: Operation, name: str, *, is_warm: bool) -> float:
    model = _model(name)
    with _session(name):
        if is_warm:
            _insert(model, WARM_UP // 2)
            _update(model, WARM_UP // 2)
        return operation.run(model)


@contextmanager
def _session(name: str) -> Iterator[None]:
    """A connection on which nothing was done yet; ours tells the database with each write who acts."""
    from django.db import connection
    from django.db.backends.postgresql import base

    from audit.context import acting

    connection.close()
    connection.ensure_connection()
    if name != report.OURS:
        connection.connection.cursor_factory = base.Cursor
    with acting(user_id="user:1", origin="admin", correlation_id="request:benchmark"):
        yield


def _insert(model: Any, times: int = SINGLES) -> float:
    return median(_timed(row.save) for row in _rows(model, times))


def _update(model: Any, times: int = SINGLES) -> float:
    spent = []
    for row in model.objects.order_by("pk")[:times]:
        row.status = f"status {next(_numbers)}"
        spent.append(_timed(partial(row.save, update_fields=["status"])))
    return median(spent)


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
    Operation(report.INSERT, _insert, SINGLES),
    Operation(report.UPDATE, _update, SINGLES),
    Operation(report.BULK_CREATE, _bulk_create, BULK),
    Operation(report.UPDATE_ALL, _update_all, BULK),
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
