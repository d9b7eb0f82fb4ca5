"""What broadcasts cost: very many recipients, and the highest rate beside loops over client libraries.

    python -m benchmarks.broadcasts [--quick] [--rounds 3] [--recipients 10000] [--output FOLDER]

Needs requirements-bench.txt. The contestants take turns within each round, so that a busy machine is unfair
to all alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import django

from benchmarks import broadcast_rate, broadcast_scale
from benchmarks import broadcast_report as report
from benchmarks.laboratory import prepared_template
from tests.databases import Database, project_server

PAUSES = 3


def measure(server: Database, *, audiences: Sequence[int], recipients: int, rounds: int) -> report.Results:
    """Run all experiments.

    Args:
        server: where the experiments' databases are made and dropped.
        audiences: numbers of recipients whose cost is compared.
        recipients: how many the contestants have to send to.
        rounds: how often each contestant is measured.
    """
    rates, scale = [], []
    busy = os.getloadavg()[0]
    with prepared_template(server) as template:
        for number in range(1, rounds + 1):
            for contestant in broadcast_rate.CONTESTANTS:
                rates.append(broadcast_rate.run(server, template, contestant, recipients))
                _tell(f"round {number}: {contestant.name}: {rates[-1].messages_per_second:.0f}/s")
        for audience in audiences:
            scale.append(broadcast_scale.run(server, template, audience, pauses=PAUSES))
            _tell(f"{audience:,} recipients: {scale[-1].peak_mb:.0f} MiB at most")
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
    return report.Results(f"{machine}, load {busy:.1f} before", recipients, scale, rates)


def _tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description="Measure what broadcasts cost.")
    parser.add_argument("--quick", action="store_true", help="small audiences, once: to see that it works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipients", type=int, default=10_000, help="how many the contestants send to")
    parser.add_argument("--output", type=Path, default=report.FOLDER, help="the folder for the results")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    server = project_server()
    if options.quick:
        results = measure(server, audiences=[1000, 4000], recipients=1000, rounds=1)
    else:
        results = measure(
            server, audiences=[10_000, 100_000], recipients=options.recipients, rounds=options.rounds
        )
    sys.stdout.write(report.write(results, options.output))


if __name__ == "__main__":
    main()
