"""The report on broadcasts says what was measured."""

from __future__ import annotations

from benchmarks import broadcast_report as report
from benchmarks.broadcast_rate import CONTESTANTS, OURS_PAID, PLAIN
from benchmarks.broadcast_rate import Run as RateRun
from benchmarks.broadcast_scale import Pause
from benchmarks.broadcast_scale import Run as ScaleRun


def results() -> report.Results:
    rates = [
        RateRun(contestant.name, 100.0 * number * turn, 0.5, 0.25, 3)
        for turn in (3, 1, 2)
        for number, contestant in enumerate(CONTESTANTS, 1)
    ]
    scale = [
        ScaleRun(
            recipients=100_000,
            preflight={"everybody": [0.25, 0.5, 0.125]},
            started=0.5,
            idle_mb=130.25,
            peak_mb=138.75,
            messages_per_second=1234.4,
            pauses=[Pause(0.5, 0.25, 75_000)],
        )
    ]
    return report.Results("a machine", 10_000, scale, rates)


def test_everything_is_written_down(tmp_path):
    text = report.write(results(), tmp_path)

    assert "| 100,000 | 1234 | 130 MiB | 139 MiB | 8.5 MiB |" in text
    assert "| 100,000 | everybody | 0.25 | 0.50 |" in text
    assert "| 100,000 | 0.50 | 0.25 | 75,000 |" in text
    assert f"| {PLAIN.name} | **200** (300, 100, 200) | 1.00 | 0.50 ms |  |  |" in text
    assert f"| {OURS_PAID.name} | **1400** (2100, 700, 1400) | 7.00 | 0.50 ms | 0.25 ms | 3 |" in text
    assert (tmp_path / "broadcasts.md").read_text() == text
