"""Moments as operators type them: 2026-03-15 18:30, 15.03 18:30, tomorrow 9:00, завтра в 9, 18:30."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from telegrambot.broadcasts.exceptions import UnknownMoment

_DAYS = {
    "today": 0,
    "сегодня": 0,
    "tomorrow": 1,
    "завтра": 1,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "послезавтра": 2,
}
# Blanks count for nothing in the pattern, unless they are escaped.
_WORDS = "|".join(re.escape(word) for word in sorted(_DAYS, key=len, reverse=True))
_MOMENT = re.compile(
    rf"""
    (?:(?P<word>{_WORDS})
      |(?P<iso_year>\d{{4}})-(?P<iso_month>\d{{1,2}})-(?P<iso_day>\d{{1,2}})
      |(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})(?:\.(?P<year>\d{{4}}))?\.?
    )
    (?:,?\s+|t)(?:(?:at|в)\s+)?
    (?P<hour>\d{{1,2}})(?::(?P<minute>\d{{2}}))?
    """,
    re.ASCII | re.VERBOSE,
)
_CLOCK = re.compile(r"(?:(?:at|в)\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.ASCII)


def parse(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a moment; without a year, or without a day, the next one is meant.

    Args:
        text: what was typed.
        now: aware.
        zone: whose clock counts.

    Returns:
        An aware moment in `zone`. A time that the change to summer time leaves out is an hour later.

    Raises:
        UnknownMoment: it cannot be read.
    """
    wanted = " ".join(text.casefold().split())
    local = now.astimezone(zone)
    try:
        if found := _MOMENT.fullmatch(wanted):
            return _on_a_day(found, local, zone)
        if found := _CLOCK.fullmatch(wanted):
            moment = _at(local.date(), found, zone)
            return moment if moment > now else _at(local.date() + timedelta(days=1), found, zone)
    except (ValueError, OverflowError):
        pass
    raise UnknownMoment(text=text[:50])


def _on_a_day(found: re.Match[str], local: datetime, zone: tzinfo) -> datetime:
    if found["word"]:
        return _at(local.date() + timedelta(days=_DAYS[found["word"]]), found, zone)
    if found["iso_year"]:
        day = date(int(found["iso_year"]), int(found["iso_month"]), int(found["iso_day"]))
        return _at(day, found, zone)
    if found["year"]:
        return _at(date(int(found["year"]), int(found["month"]), int(found["day"])), found, zone)
    moment = _at(date(local.year, int(found["month"]), int(found["day"])), found, zone)
    if moment > local:
        return moment
    return _at(date(local.year + 1, int(found["month"]), int(found["day"])), found, zone)


def _at(day: date, found: re.Match[str], zone: tzinfo) -> datetime:
    clock = time(int(found["hour"]), int(found["minute"] or 0))
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)
