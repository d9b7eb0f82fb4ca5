"""The report says what was measured."""

from __future__ import annotations

import json

from benchmarks import report
from benchmarks.broadcast import Run as BroadcastRun
from benchmarks.full_path import BARE, CATALOGUE, ECHO, PAIR, Load
from benchmarks.full_path import Run as FullPathRun
from benchmarks.sender import Run as SenderRun
from benchmarks.stand_in_capacity import Run as CapacityRun
from benchmarks.statements import Run as StatementRun


def results() -> report.Results:
    rates = {BARE: (100.0, 400.0, 90.0), ECHO: (250.0, 200.0, 900.0), CATALOGUE: (90.0, 100.0, 110.0)}
    rates[PAIR] = (120.0, 130.0, 140.0)
    return report.Results(
        machine="a machine",
        load=Load(3000, 200),
        full_path=[FullPathRun(bot.name, rate, 1.0, 0.5) for bot, each in rates.items() for rate in each],
        sender=[SenderRun(1000.0, 0.6), SenderRun(1600.0, 0.6), SenderRun(1200.0, 0.6)],
        statements=[StatementRun(ECHO.name, 0.5, 0.2, {"SELECT a || b": 0.25})],
        stand_in=CapacityRun(5000.0, 10000.0),
        campaign=BroadcastRun(3000, 28.5, {"sent": 2990, "failed": 10}, 0, [0.1, 0.2, 0.3]),
    )


def test_ratios_are_of_medians():
    assert results().ratio(BARE.name) == 1.0
    assert results().ratio(ECHO.name) == 2.5
    assert results().ratio(CATALOGUE.name) == 1.0


def test_everything_is_written_down(tmp_path):
    text = report.write(results(), tmp_path)

    assert "**250** (250, 200, 900) | **2.50**" in text
    assert "**1200 messages/s** (1000, 1600, 1200)" in text
    assert "**28.5 messages/s**,\nnone of them refused as too fast" in text
    assert "10 were failed, 2990 were sent" in text
    assert r"`SELECT a \|\| b` | 0.250" in text
    assert (tmp_path / "results.md").read_text() == text
    assert json.loads((tmp_path / "results.json").read_text())["load"] == {"updates": 3000, "chats": 200}
    assert (tmp_path / "throughput.png").read_bytes().startswith(b"\x89PNG")
