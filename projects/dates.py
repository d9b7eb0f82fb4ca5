"""Dates as people write and say them, in English and in Russian: “15 March”, «в следующую пятницу», 15.03."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from projects.calendar_words import (
    DAYS_AHEAD,
    MONTH,
    MONTHS,
    NUMBER,
    SPAN,
    UNIT,
    UNIT_OF_DAYS,
    WEEKDAY,
    first_of,
    last_of,
    month,
    moved,
    normal,
    number,
    span,
    unit,
    weekday,
)
from projects.exceptions import UnknownDate

YEARS = range(1900, 3000)

_BEFORE_DATE = re.compile(r"\A(?:(?:on|by|at|for|to|until|till|from|the|на|к|ко|до|в|во)\s)*")
_BEFORE_SINCE = re.compile(
    r"\A(?:(?:since|from|after|for|over|during|in|within|on|at|the|начиная|с|со|от|после|за|на|в|во)\s)*"
)


def parse_date(text: str, language: str, today: date) -> date:
    """Read a day, usually one to come.

    Args:
        text: what the person wrote, in either language.
        language: theirs ("en" or "ru"); in English 3/4 is not read, since it is two different days.
        today: the day it is where they are.

    Returns:
        The day. One without a year is the next there is; a weekday is the next one after today.

    Raises:
        UnknownDate: it cannot be read, does not exist, or could be two days.
    """
    wanted = _BEFORE_DATE.sub("", normal(text))
    try:
        if (day := _calendar_day(wanted, language)) is not None:
            return _within_years(_ahead(*day, today=today))
        for pattern, read in _COMING:
            if found := pattern.fullmatch(wanted):
                return _within_years(read(found, today))
    except (ValueError, OverflowError):
        pass  # the 31st of April, or a day after the end of time
    raise UnknownDate(text=text)


def parse_since(text: str, language: str, now: datetime) -> datetime:
    """Read a moment that has passed, as in “since Monday”, «за 2 дня», «со вчерашнего дня».

    Args:
        text: what the person wrote, in either language.
        language: theirs ("en" or "ru").
        now: the present moment, in their time zone.

    Returns:
        The moment, in the same time zone: the beginning of a day, or a span before now.

    Raises:
        UnknownDate: it cannot be read, or has not come yet.
    """
    wanted = _BEFORE_SINCE.sub("", normal(text))
    try:
        moment = _past_moment(wanted, language, now)
        if moment is not None and moment <= now:
            _within_years(moment.date())
            return moment
    except (ValueError, OverflowError):
        pass
    raise UnknownDate(text=text)


# ── Days of the calendar ──────────────────────────────────────────────────────────────────────────────────

_DAY = r"(?P<day>[0-9]{1,2})"
_YEAR = r"(?:[\s,]+(?P<year>[0-9]{4})(?:\s?(?:г|года?))?)?"
_NAME = r"(?P<name>[a-zа-я]+)\.?"
_CALENDAR = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>[0-9]{4})[-./](?P<month>[0-9]{1,2})[-./](?P<day>[0-9]{1,2})",
        rf"{_DAY}\.(?P<month>[0-9]{{1,2}})(?:\.(?P<year>[0-9]{{4}}|[0-9]{{2}})(?:\s?(?:г|года?))?)?",
        rf"{_DAY}(?:st|nd|rd|th|-?го|-?о?е)?\s?(?:of\s)?{_NAME}{_YEAR}",
        rf"{_NAME}\s(?:the\s)?{_DAY}(?:st|nd|rd|th)?{_YEAR}",
    )
)
_SLASHES = re.compile(r"(?P<first>[0-9]{1,2})/(?P<second>[0-9]{1,2})(?:/(?P<year>[0-9]{4}|[0-9]{2}))?")


def _calendar_day(wanted: str, language: str) -> tuple[int | None, int, int] | None:
    """Year (if it was told), month and day."""
    for pattern in _CALENDAR:
        if found := pattern.fullmatch(wanted):
            parts = found.groupdict()
            numbered = MONTHS.get(parts["name"]) if "name" in parts else int(parts["month"])
            if numbered is not None:
                return _year(parts["year"]), numbered, int(parts["day"])
    if found := _SLASHES.fullmatch(wanted):
        first, second = int(found["first"]), int(found["second"])
        if first > 12 or first == second or (language == "ru" and second <= 12):
            return _year(found["year"]), second, first
        # 3/4 is in March for some who write English, and in April for others.
        if second > 12:
            return _year(found["year"]), first, second
    return None


def _year(digits: str | None) -> int | None:
    return None if digits is None else int(digits) + (2000 if len(digits) == 2 else 0)


def _ahead(year: int | None, month: int, day: int, *, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    return min(found for found in _each_year(today.year, 1, month, day) if found >= today)


def _behind(year: int | None, month: int, day: int, *, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    return max(found for found in _each_year(today.year, -1, month, day) if found <= today)


def _each_year(first: int, step: int, month: int, day: int) -> Iterator[date]:
    """The day in each year that has it; for the 29th of February that takes up to eight years."""
    for year in range(first, first + 9 * step, step):
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
            yield date(year, month, day)


def _within_years(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError("A year that nobody means.")
    return day


# ── Days to come ──────────────────────────────────────────────────────────────────────────────────────────

_NEXT = r"(?:next|следующ\w{2,3})"
_THIS = r"(?:this|эт(?:от|ой|ого|ому|ом|у|а|о)|ближайш\w{2,3})"
_LAST = r"(?:last|прошл\w{2,3})"
_START = r"(?:beginning|start|начал[оауе])\s(?:of\s)?(?:the\s)?"
_END = r"(?:end|кон(?:ец|ца|цу|це))\s(?:of\s)?(?:the\s)?"

Reading = Callable[[re.Match[str], date], date]


def _forms(*forms: tuple[str, Reading]) -> tuple[tuple[re.Pattern[str], Reading], ...]:
    return tuple((re.compile(pattern), read) for pattern, read in forms)


def _by_distance(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=DAYS_AHEAD[found[0]])


def _later(found: re.Match[str], today: date) -> date:
    return moved(today, number(found), unit(found))


def _earlier(found: re.Match[str], today: date) -> date:
    return moved(today, -number(found), unit(found))


def _next_weekday(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=(weekday(found) - today.weekday() - 1) % 7 + 1)


def _weekday_of_next_week(found: re.Match[str], today: date) -> date:
    return today + timedelta(days=7 - today.weekday() + weekday(found))


def _day_after(which: str, today: date) -> date:
    return last_of(which, today) + timedelta(days=1)


def _first_of_month(found: re.Match[str], today: date) -> date:
    return _ahead(None, month(found), 1, today=today)


def _last_of_month(found: re.Match[str], today: date) -> date:
    return last_of("month", date(today.year + (month(found) < today.month), month(found), 1))


_COMING = _forms(
    ("|".join(DAYS_AHEAD), _by_distance),
    (rf"(?:in|after|within|через|спустя)\s(?:{NUMBER}\s)?{UNIT_OF_DAYS}", _later),
    (rf"{NUMBER}\s{UNIT_OF_DAYS}\s(?:from now|later|спустя)", _later),
    (rf"(?:{NUMBER}\s)?{UNIT_OF_DAYS}\s(?:ago|назад)", _earlier),
    (rf"{_NEXT}\s{WEEKDAY}", _weekday_of_next_week),
    (rf"(?:{_THIS}\s)?{WEEKDAY}", _next_weekday),
    (rf"(?:{_START})?{_NEXT}\s{SPAN}", lambda found, today: _day_after(span(found), today)),
    (rf"{_END}{_NEXT}\s{SPAN}", lambda found, today: last_of(span(found), _day_after(span(found), today))),
    (rf"{_END}(?:{_THIS}\s)?{SPAN}", lambda found, today: last_of(span(found), today)),
    (rf"{_START}{MONTH}", _first_of_month),
    (rf"{_END}{MONTH}", _last_of_month),
)

# ── Moments that have passed ──────────────────────────────────────────────────────────────────────────────

_TIME = re.compile(r"(?P<rest>.*?)(?:^|[,\s])\s*(?:(?:at|в)\s)?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})")
_AGO = r"(?:\s(?:ago|назад))?"
_SPANS_AGO = (
    re.compile(rf"(?:(?:past|last|последн\w{{2,3}})\s)?{NUMBER}\s?{UNIT}{_AGO}"),
    re.compile(rf"(?:(?:past|последн\w{{2,3}})\s)?{UNIT}{_AGO}"),
)
_OF_THAT_DAY = re.compile(r"(?P<day>(?:поза)?вчера|сегодня)шн\w{2,3}\s(?:дня|день)")


def _last_weekday(found: re.Match[str], today: date) -> date:
    return today - timedelta(days=(today.weekday() - weekday(found)) % 7)


def _first_of_last(found: re.Match[str], today: date) -> date:
    return first_of(span(found), first_of(span(found), today) - timedelta(days=1))


_GONE = _forms(
    ("|".join(DAYS_AHEAD), _by_distance),
    (rf"{_LAST}\s{WEEKDAY}", lambda found, today: _last_weekday(found, today - timedelta(days=1))),
    (rf"(?:{_THIS}\s)?{WEEKDAY}", _last_weekday),
    (rf"(?:{_START})?{_LAST}\s{SPAN}", _first_of_last),
    (rf"(?:{_START})?(?:{_THIS}\s)?{SPAN}", lambda found, today: first_of(span(found), today)),
)


def _past_moment(wanted: str, language: str, now: datetime) -> datetime | None:
    at = time()
    if told := _TIME.fullmatch(wanted):
        at = time(int(told["hour"]), int(told["minute"]))
        wanted = told["rest"].strip() or ("today" if at <= now.time() else "yesterday")
    for pattern in _SPANS_AGO:
        if found := pattern.fullmatch(wanted):
            return _before(now, number(found), unit(found))
    if said := _OF_THAT_DAY.fullmatch(wanted):
        wanted = said["day"]
    day = _past_day(wanted, language, now.date())
    return None if day is None else datetime.combine(day, at, tzinfo=now.tzinfo)


def _past_day(wanted: str, language: str, today: date) -> date | None:
    if (day := _calendar_day(wanted, language)) is not None:
        return _behind(*day, today=today)
    return next((read(found, today) for form, read in _GONE if (found := form.fullmatch(wanted))), None)


def _before(now: datetime, count: int, by: str) -> datetime:
    if by in {"month", "year"}:
        return datetime.combine(moved(now.date(), -count, by), now.timetz())
    # By the clock that does not jump in spring.
    return (now.astimezone(UTC) - timedelta(**{f"{by}s": count})).astimezone(now.tzinfo)
