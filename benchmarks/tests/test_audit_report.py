"""The report says what auditing costs."""

from __future__ import annotations

from benchmarks import audit_report as report


def results() -> report.Results:
    milliseconds = {report.BASE: (1.0, 2.0, 10.0), report.OURS: (1.2, 2.2, 30.0)}
    runs = [
        report.Run(operation, name, is_warm, number, spent)
        for operation in report.LIMITS
        for is_warm in report.STATES
        for name in report.CONTESTANTS
        for number, spent in enumerate(milliseconds.get(name, (4.0, 4.0, 4.0)))
    ]
    recorded = {(operation, name): True for operation in report.LIMITS for name in report.CONTESTANTS}
    recorded[report.UPDATE_ALL, "Auditlog"] = False
    return report.Results("a machine", runs, recorded)


def test_each_round_is_compared_with_itself():
    assert results().ratios(report.INSERT, report.OURS, is_warm=False) == [1.2, 1.1, 3.0]


def test_everything_is_written_down(tmp_path):
    text = report.write(results(), tmp_path)

    assert (tmp_path / "audit.md").read_text() == text
    assert text.count("| not audited | 2.00 ms |") == len(report.STATES)
    assert text.count("| **Switchboard** | **1.20** (1.20, 1.10, 3.00) |") == len(report.STATES)
    assert "3 rounds" in text


def test_who_records_nothing_is_not_praised_for_speed(tmp_path):
    lines = report.write(results(), tmp_path).splitlines()

    [line, _] = [line for line in lines if line.startswith("| django-auditlog |")]
    assert line.endswith("| 2.00, nothing recorded |")
    assert line.count("**2.00**") == len(report.LIMITS) - 1
