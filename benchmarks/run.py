"""`make bench`: run every experiment and write down the results.

    python -m benchmarks.run [--quick] [--rounds 3] [--output FOLDER]

The contestants take turns within each round, so that a busy machine is unfair to all alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

import django

from benchmarks import admin_pages, broadcast, full_path, report, sender, stand_in_capacity, statements
from benchmarks.laboratory import prepared_template
from tests.databases import Database, project_server


def measure(
    server: Database, *, load: full_path.Load, messages: int, recipients: int, rounds: int
) -> report.Results:
    """Run all experiments.

    Args:
        server: where the experiments' databases are made and dropped.
        load: what the full path has to carry.
        messages: how many the sender has to send.
        recipients: how many people the broadcast is for.
        rounds: how often each contestant is measured.
    """
    runs, sendings = [], []
    with prepared_template(server) as template:
        for number in range(1, rounds + 1):
            for contestant in full_path.CONTESTANTS:
                runs.append(full_path.run(server, template, contestant, load))
                _tell(f"round {number}: {contestant.name}: {runs[-1].replies_per_second:.0f}/s")
            sendings.append(sender.run(server, template, messages))
            _tell(f"round {number}: sender alone: {sendings[-1].messages_per_second:.0f}/s")
        counts = [
            statements.run(server, template, contestant, load)
            for contestant in full_path.CONTESTANTS
            if contestant.is_ours and contestant.processes == 1
        ]
        campaign = broadcast.run(server, template, recipients)
        _tell(f"a broadcast: {campaign.messages_per_second:.1f}/s")
    capacity = stand_in_capacity.run(messages)
    _tell(f"the stand-in: {capacity.messages_per_second:.0f}/s")
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.system()}"
    return report.Results(machine, load, runs, sendings, counts, capacity, campaign)


def _tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description="Measure Switchboard beside what it is compared with.")
    parser.add_argument("--quick", action="store_true", help="a small load, once: to see that it works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=report.FOLDER, help="the folder for the results")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    server = project_server()
    if options.quick:
        results = measure(server, load=full_path.Load(600, 50), messages=1000, recipients=150, rounds=1)
    else:
        results = measure(
            server, load=full_path.Load(), messages=5000, recipients=3000, rounds=options.rounds
        )
        _tell("the admin's pages")
        (options.output / "admin_pages.md").write_text(admin_pages.report(server))
    sys.stdout.write(report.write(results, options.output))


if __name__ == "__main__":
    main()
