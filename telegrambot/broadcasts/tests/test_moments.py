"""Moments as operators type them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from telegrambot.broadcasts.exceptions import UnknownMoment
from telegrambot.broadcasts.moments import parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-15 18:30", "2026-03-15 18:30"),
        ("2026-03-15T18:30", "2026-03-15 18:30"),
        ("2026-3-5 7:05", "2026-03-05 07:05"),
        ("15.03 18:30", "2026-03-15 18:30"),
        ("15.03. 18:30", "2026-03-15 18:30"),
        ("15.03.2027, 18:30", "2027-03-15 18:30"),
        ("13.03 18:30", "2027-03-13 18:30"),
        ("14.03 12:00", "2027-03-14 12:00"),
        ("tomorrow 9:00", "2026-03-15 09:00"),
        ("Tomorrow  at 9", "2026-03-15 09:00"),
        ("day after tomorrow 9:00", "2026-03-16 09:00"),
        ("завтра 9:00", "2026-03-15 09:00"),
        ("Завтра в 9", "2026-03-15 09:00"),
        ("послезавтра в 21:15", "2026-03-16 21:15"),
        ("сегодня 23:59", "2026-03-14 23:59"),
        ("today 8:00", "2026-03-14 08:00"),  # past: whoever schedules refuses it
        ("18:30", "2026-03-14 18:30"),
        ("в 8:30", "2026-03-15 08:30"),
        ("2026-03-29 02:30", "2026-03-29 03:30"),  # left out that night
    ],
)
def test_what_is_understood(text, moment):
    assert f"{parse(text, NOW, BERLIN):%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "18",
        "tomorrow",
        "завтра",
        "25:00",
        "31.02 18:30",
        "2026-13-01 18:30",
        "15.03",
        "99999999999999999999.03 18:30",
        "tomorrow 9:00 sharp",
        "9999-12-31 23:30",  # in New York: later than any date there is
    ],
)
def test_what_is_not(text):
    with pytest.raises(UnknownMoment):
        parse(text, NOW, ZoneInfo("America/New_York"))


def test_the_operators_clock_counts():
    tokyo = ZoneInfo("Asia/Tokyo")
    assert parse("tomorrow 9:00", NOW, tokyo) == datetime(2026, 3, 15, 9, 0, tzinfo=tokyo)
    late = datetime(2026, 3, 14, 23, 30, tzinfo=BERLIN)
    assert parse("tomorrow 9:00", late, tokyo) == datetime(2026, 3, 16, 9, 0, tzinfo=tokyo)
