"""The words of the calendar in English and in Russian, and the arithmetic of its spans.

Words are lower case, with “е” for “ё”.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_MONTHS = (
    ("january", "январ"),
    ("february", "феврал"),
    ("march", "март"),
    ("april", "апрел"),
    ("may", "ма"),
    ("june", "июн"),
    ("july", "июл"),
    ("august", "август"),
    ("september", "сентябр"),
    ("october", "октябр"),
    ("november", "ноябр"),
    ("december", "декабр"),
)
_MONTH_ENDINGS = ("", "ь", "я", "е", "а", "й")
# Monday first, as date.weekday() counts.
_WEEKDAYS = (
    r"mon(?:day)?|понедельник[ау]?|пн",
    r"tue(?:s(?:day)?)?|вторник[ау]?|вт",
    r"wed(?:nesday)?|сред[ауые]|ср",
    r"thu(?:r(?:s(?:day)?)?)?|четверг[ау]?|чт",
    r"fri(?:day)?|пятниц[ауые]|пт",
    r"sat(?:urday)?|суббот[ауые]|сб",
    r"sun(?:day)?|воскресень[еяю]|вс",
)
_NUMBERS = (
    r"an?|one|один|одну",
    r"two|a couple of|два|две|пару",
    r"three|три",
    r"four|четыре",
    r"five|пять",
    r"six|шесть",
    r"seven|семь",
    r"eight|восемь",
    r"nine|девять",
    r"ten|десять",
    r"eleven|одиннадцать",
    r"twelve|двенадцать",
)
_UNITS = {
    "minute": r"minutes?|min|минут[уы]?|мин",
    "hour": r"hours?|h|час(?:а|ов)?|ч",
    "day": r"days?|d|день|дня|дней|дн|сут(?:ки|ок)",
    "week": r"weeks?|w|недел[юия]|недель",
    "month": r"months?|месяц(?:а|ев)?",
    "year": r"years?|года?|лет",
}
_SPANS = {
    "week": r"week|недел[еюия]",
    "month": r"month|месяц[аеу]?",
    "quarter": r"quarter|квартал[аеу]?",
    "year": r"year|год[ау]?",
}

# Days by their distance from today.
DAYS_AHEAD = {
    "today": 0,
    "сегодня": 0,
    "tomorrow": 1,
    "завтра": 1,
    "day after tomorrow": 2,
    "послезавтра": 2,
    "yesterday": -1,
    "вчера": -1,
    "day before yesterday": -2,
    "позавчера": -2,
}


def _month_forms() -> dict[str, int]:
    forms = {"sept": 9}
    for value, (english, stem) in enumerate(_MONTHS, start=1):
        russian = [stem + ending for ending in _MONTH_ENDINGS] + [stem[:3], stem[:4]]
        forms |= {form: value for form in (english, english[:3], *russian) if len(form) >= 3}
    return forms


MONTHS = _month_forms()

# Patterns with a group of the same name, which the functions below read.
MONTH = rf"(?P<month_name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
WEEKDAY = rf"(?P<weekday>{'|'.join(_WEEKDAYS)})"
NUMBER = rf"(?P<number>[0-9]{{1,4}}|{'|'.join(_NUMBERS)})"
UNIT_OF_DAYS = rf"(?P<unit>{'|'.join(_UNITS[unit] for unit in ('day', 'week', 'month', 'year'))})"
UNIT = rf"(?P<unit>{'|'.join(_UNITS.values())})"
SPAN = rf"(?P<span>{'|'.join(_SPANS.values())})"


def normal(text: str) -> str:
    """`text` as the patterns expect it: lower case, single spaces, no quotes and no full stop around it."""
    return " ".join(text.casefold().replace("ё", "е").split()).strip("«»“”„\"'.,!?… ")


def number(found: re.Match[str]) -> int:
    """The number found by `NUMBER`; 1 when none was said (“a week ago”, «через неделю»)."""
    word = found.groupdict().get("number") or "a"
    return int(word) if word.isdecimal() else _place(_NUMBERS, word) + 1


def unit(found: re.Match[str]) -> str:
    """The unit found by `UNIT`: minute, hour, day, week, month or year."""
    return list(_UNITS)[_place(tuple(_UNITS.values()), found["unit"])]


def weekday(found: re.Match[str]) -> int:
    """The day of the week found by `WEEKDAY`; 0 is Monday."""
    return _place(_WEEKDAYS, found["weekday"])


def month(found: re.Match[str]) -> int:
    """The month found by `MONTH`, from 1."""
    return MONTHS[found["month_name"]]


def span(found: re.Match[str]) -> str:
    """The span found by `SPAN`: week, month, quarter or year."""
    return list(_SPANS)[_place(tuple(_SPANS.values()), found["span"])]


def moved(day: date, count: int, by: str) -> date:
    """The day `count` days, weeks, months or years (`by`) later; the month after 31 January is 28 February.

    Raises:
        ValueError: there is no such year. OverflowError: the same, by days.
    """
    if by in {"day", "week"}:
        return day + timedelta(days=count * (7 if by == "week" else 1))
    year, index = divmod(day.year * 12 + day.month - 1 + count * (12 if by == "year" else 1), 12)
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))


def first_of(which: str, day: date) -> date:
    """The first day of the week, month, quarter or year (`which`) that `day` is in."""
    if which == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[which], 1)


def last_of(which: str, day: date) -> date:
    """The last day of the week, month, quarter or year (`which`) that `day` is in."""
    first = first_of(which, day)
    if which == "week":
        return first + timedelta(days=6)
    return moved(first, {"month": 1, "quarter": 3, "year": 12}[which], "month") - timedelta(days=1)


def _place(patterns: tuple[str, ...], word: str) -> int:
    return next(place for place, pattern in enumerate(patterns) if re.fullmatch(pattern, word))
