"""Dates as people write them, in both languages."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.dates import YEARS, parse_date, parse_since
from projects.exceptions import UnknownDate

TODAY = date(2026, 3, 18)  # a Wednesday
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 18, 14, 30, tzinfo=BERLIN)
LANGUAGES = st.sampled_from(["en", "ru"])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        # of the calendar
        ("2026-12-05", date(2026, 12, 5)),
        ("2026.12.05", date(2026, 12, 5)),
        ("5.12.2026", date(2026, 12, 5)),
        ("05.12.26", date(2026, 12, 5)),
        ("05.12", date(2026, 12, 5)),
        ("05.12.", date(2026, 12, 5)),
        ("15 апреля", date(2026, 4, 15)),
        ("15 апреля 2027 года", date(2027, 4, 15)),
        ("15 апреля 2027 г.", date(2027, 4, 15)),
        ("15-го апреля", date(2026, 4, 15)),
        ("15 апр", date(2026, 4, 15)),
        ("«15 апр.»", date(2026, 4, 15)),
        ("15 мая", date(2026, 5, 15)),
        ("к 15 АПРЕЛЯ", date(2026, 4, 15)),
        ("до 1 июня", date(2026, 6, 1)),
        ("April 15", date(2026, 4, 15)),
        ("April 15th, 2027", date(2027, 4, 15)),
        ("Apr. 15", date(2026, 4, 15)),
        ("15 April", date(2026, 4, 15)),
        ("the 15th of April", date(2026, 4, 15)),
        ("on April the 15th", date(2026, 4, 15)),
        ("by Sept 1st", date(2026, 9, 1)),
        ("17/4", date(2026, 4, 17)),
        ("4/17/2027", date(2027, 4, 17)),
        ("4/4", date(2026, 4, 4)),
        # past this year, so of the next one; today is today
        ("15 марта", date(2027, 3, 15)),
        ("15.03", date(2027, 3, 15)),
        ("March 17", date(2027, 3, 17)),
        ("18 March", date(2026, 3, 18)),
        ("15.03.2026", date(2026, 3, 15)),
        ("29 февраля", date(2028, 2, 29)),
        ("Feb 29", date(2028, 2, 29)),
        # from today
        ("today", date(2026, 3, 18)),
        ("Сегодня", date(2026, 3, 18)),
        ("tomorrow", date(2026, 3, 19)),
        ("завтра", date(2026, 3, 19)),
        ("на завтра", date(2026, 3, 19)),
        ("послезавтра", date(2026, 3, 20)),
        ("the day after tomorrow", date(2026, 3, 20)),
        ("вчера", date(2026, 3, 17)),
        ("in 3 days", date(2026, 3, 21)),
        ("in a week", date(2026, 3, 25)),
        ("in two weeks", date(2026, 4, 1)),
        ("two weeks from now", date(2026, 4, 1)),
        ("in a couple of months", date(2026, 5, 18)),
        ("через 2 недели", date(2026, 4, 1)),
        ("через неделю", date(2026, 3, 25)),
        ("через пять дней", date(2026, 3, 23)),
        ("через месяц", date(2026, 4, 18)),
        ("через 3 месяца", date(2026, 6, 18)),
        ("через год", date(2027, 3, 18)),
        ("через 2 года", date(2028, 3, 18)),
        ("3 дня назад", date(2026, 3, 15)),
        ("a week ago", date(2026, 3, 11)),
        # days of the week
        ("Friday", date(2026, 3, 20)),
        ("on Fri", date(2026, 3, 20)),
        ("this Friday", date(2026, 3, 20)),
        ("в пятницу", date(2026, 3, 20)),
        ("в эту пятницу", date(2026, 3, 20)),
        ("к пятнице", date(2026, 3, 20)),
        ("пт", date(2026, 3, 20)),
        ("во вторник", date(2026, 3, 24)),
        ("Wednesday", date(2026, 3, 25)),
        ("next Friday", date(2026, 3, 27)),
        ("в следующую пятницу", date(2026, 3, 27)),
        ("next Monday", date(2026, 3, 23)),
        ("в следующий понедельник", date(2026, 3, 23)),
        # spans
        ("next week", date(2026, 3, 23)),
        ("на следующей неделе", date(2026, 3, 23)),
        ("next month", date(2026, 4, 1)),
        ("в начале следующего месяца", date(2026, 4, 1)),
        ("beginning of next quarter", date(2026, 4, 1)),
        ("end of the month", date(2026, 3, 31)),
        ("к концу недели", date(2026, 3, 22)),
        ("в конце этого месяца", date(2026, 3, 31)),
        ("до конца года", date(2026, 12, 31)),
        ("by the end of next month", date(2026, 4, 30)),
        ("конец квартала", date(2026, 3, 31)),
        ("end of May", date(2026, 5, 31)),
        ("в конце февраля", date(2027, 2, 28)),
        ("конец марта", date(2026, 3, 31)),
        ("в начале мая", date(2026, 5, 1)),
    ],
)
def test_a_day_is_read(text, day):
    assert parse_date(text, "en", TODAY) == day
    assert parse_date(f"  {text.upper()} ", "ru", TODAY) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "скоро",
        "31 апреля",
        "April 31",
        "30.02",
        "0.0",
        "2026-13-01",
        "2026-02-29",
        "1.1.0001",
        "15 мартышек",
        "2026",
        "15",
        "march",
        "через",
        "in",
        "in 9999 years",
        "через 99999 дней",
        "next",
        "next Friyay",
        "32 мая",
        "1 2 3",
        "١٥ марта",
        "15 марта 2026 2027",
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_is_no_day_is_said_to_be_none(text, language):
    with pytest.raises(UnknownDate) as refused:
        parse_date(text, language, TODAY)
    assert f"“{text}”" in str(refused.value)


def test_numbers_that_could_be_two_days_are_refused_in_english_only():
    with pytest.raises(UnknownDate):
        parse_date("3/4", "en", TODAY)
    assert parse_date("3/4", "ru", TODAY) == date(2026, 4, 3)


@pytest.mark.parametrize("today", [TODAY + timedelta(days=days) for days in range(7)])
def test_a_weekday_is_never_today_and_at_most_a_week_away(today):
    for name in ("Monday", "в среду", "воскресенье"):
        assert 1 <= (parse_date(name, "en", today) - today).days <= 7
    for name in ("next Monday", "в следующую среду", "next Sunday"):
        assert (
            parse_date(name, "en", today).isocalendar().week == (today + timedelta(days=7)).isocalendar().week
        )


def test_a_month_later_there_may_be_fewer_days():
    assert parse_date("in a month", "en", date(2027, 1, 31)) == date(2027, 2, 28)
    assert parse_date("через год", "ru", date(2028, 2, 29)) == date(2029, 2, 28)


@given(day=st.dates(date(1900, 1, 1), date(2999, 12, 31)), language=LANGUAGES)
def test_a_whole_date_is_read_as_it_is(day, language):
    for text in (day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%B %d, %Y}", f"{day:%d %b %Y}"):
        assert parse_date(text, language, TODAY) == day


@given(day=st.dates(date(2026, 3, 18), date(2027, 3, 17)))
def test_without_a_year_it_is_the_next_there_is(day):
    assert parse_date(f"{day:%d.%m}", "ru", TODAY) == day


_WORDS = [
    "in",
    "on",
    "at",
    "через",
    "на",
    "в",
    "до",
    "next",
    "last",
    "this",
    "следующую",
    "прошлой",
    "эту",
    "конец",
    "end",
    "начало",
    "of",
    "the",
    "a",
    "2",
    "31",
    "0",
    "9999",
    "week",
    "неделю",
    "month",
    "месяцев",
    "years",
    "дней",
    "friday",
    "пятницу",
    "15",
    "марта",
    "march",
    "30.02",
    "1.1",
    "2026-02-30",
    "3/4",
    "29",
    "февраля",
    "25:61",
    "10:00",
    "ago",
    "назад",
    "since",
    "с",
    "за",
    "последние",
    "12.12.2012",
    "1.1.0000",
    "год",
    "года",
    ".",
    ",",
    ":",
    "/",
    "-",
]
_JUMBLE = st.lists(st.sampled_from(_WORDS), max_size=6).map(" ".join)
_SAID = st.one_of(st.text(max_size=60), _JUMBLE)


@given(text=_SAID, language=LANGUAGES, today=st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_whatever_is_said_is_a_day_or_unknown(text, language, today):
    try:
        assert parse_date(text, language, today).year in YEARS
    except UnknownDate:
        pass


# ── Moments that have passed ──────────────────────────────────────────────────────────────────────────────


def at(day, hour=0, minute=0, month=3, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("since Monday", at(16)),
        ("с понедельника", at(16)),
        ("Monday", at(16)),
        ("since Wednesday", at(18)),
        ("со среды", at(18)),
        ("since last Wednesday", at(11)),
        ("с прошлой среды", at(11)),
        ("since Thursday", at(12)),
        ("с прошлой пятницы", at(13)),
        ("today", at(18)),
        ("за сегодня", at(18)),
        ("с сегодняшнего дня", at(18)),
        ("yesterday", at(17)),
        ("со вчера", at(17)),
        ("со вчерашнего дня", at(17)),
        ("позавчера", at(16)),
        ("since the day before yesterday", at(16)),
        ("2 days", at(16, 14, 30)),
        ("2 дня", at(16, 14, 30)),
        ("2d", at(16, 14, 30)),
        ("за 2 дня", at(16, 14, 30)),
        ("за последние два дня", at(16, 14, 30)),
        ("in the last two days", at(16, 14, 30)),
        ("2 days ago", at(16, 14, 30)),
        ("3 часа назад", at(18, 11, 30)),
        ("an hour ago", at(18, 13, 30)),
        ("за час", at(18, 13, 30)),
        ("24h", at(17, 14, 30)),
        ("30 минут", at(18, 14, 0)),
        ("за неделю", at(11, 14, 30)),
        ("a week", at(11, 14, 30)),
        ("за последнюю неделю", at(11, 14, 30)),
        ("the past week", at(11, 14, 30)),
        ("за месяц", at(18, 14, 30, month=2)),
        ("this week", at(16)),
        ("на этой неделе", at(16)),
        ("с начала недели", at(16)),
        ("since last week", at(9)),
        ("на прошлой неделе", at(9)),
        ("с начала месяца", at(1)),
        ("since the beginning of the year", at(1, month=1)),
        ("last month", at(1, month=2)),
        ("с 1 марта", at(1)),
        ("since March 1st", at(1)),
        ("18 марта", at(18)),
        ("с 20 марта", at(20, year=2025)),
        ("01.03", at(1)),
        ("2025-12-24", at(24, month=12, year=2025)),
        ("29 февраля", at(29, month=2, year=2024)),
        ("since 10:00", at(18, 10)),
        ("с 20:15", at(17, 20, 15)),
        ("вчера в 9:30", at(17, 9, 30)),
        ("since Monday 10:00", at(16, 10)),
        ("Monday, 10:00", at(16, 10)),
    ],
)
def test_a_moment_that_has_passed_is_read(text, moment):
    for language in ("en", "ru"):
        assert parse_since(text.upper(), language, NOW) == moment


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "завтра", "19.03.2026", "always", "in", "с", "25:00", "yesterday at 10:75", "31 февраля",
     "9999 years", "today 23:00", "1.1.1000"],
)  # fmt: skip
def test_what_is_no_past_moment_is_said_to_be_none(text):
    with pytest.raises(UnknownDate):
        parse_since(text, "ru", NOW)


def test_hours_are_hours_when_the_clocks_change():
    after = datetime(2026, 3, 29, 4, 0, tzinfo=BERLIN)  # at two it became three
    assert parse_since("2 hours", "en", after) == datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN)


@given(text=_SAID, language=LANGUAGES, minutes=st.integers(0, 50_000_000))
def test_whatever_is_said_has_passed_or_is_unknown(text, language, minutes):
    now = NOW + timedelta(minutes=minutes)
    try:
        assert parse_since(text, language, now) <= now
    except UnknownDate:
        pass
