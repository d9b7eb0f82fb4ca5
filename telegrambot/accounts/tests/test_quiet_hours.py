"""Quiet hours as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from telegrambot.accounts.exceptions import BadQuietHours
from telegrambot.accounts.quiet_hours import QuietHours


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("22:00-07:00", "22:00–07:00"),
        (" 22 – 7 ", "22:00–07:00"),
        ("9:30—18", "09:30–18:00"),
        ("0-23:59", "00:00–23:59"),
    ],
)
def test_two_times_are_read(text, shown):
    assert str(QuietHours.parse(text)) == shown
    assert QuietHours.parse(shown) == QuietHours.parse(text)


@pytest.mark.parametrize("text", ["", "22", "22-22", "24-7", "22:60-7", "night", "22-7-9", "٢٢-٧", "-1-7"])
def test_anything_else_is_refused(text):
    with pytest.raises(BadQuietHours):
        QuietHours.parse(text)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-03-10T23:00", "2026-03-11T01:30"),
        ("2026-03-11T01:30", "2026-03-11T01:30"),
        ("2026-03-10T12:00", "2026-03-10T12:00"),
        # In Berlin 02:30 does not exist that night: clocks go from 02:00 to 03:00, at 01:00 in UTC.
        ("2026-03-29T00:45", "2026-03-29T01:30"),
        # There it comes twice that night; the second one ends them.
        ("2026-10-25T00:15", "2026-10-25T01:30"),
    ],
)
def test_when_they_end(moment, end):
    hours, berlin = QuietHours.parse("22:00-02:30"), ZoneInfo("Europe/Berlin")
    asked, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (moment, end))
    assert hours.end_after(asked, berlin) == expected
