"""IANA time zones, found by what people type."""

from __future__ import annotations

import zoneinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from telegrambot.accounts.exceptions import TimeZoneMissing, UnknownTimeZone

# The ones to choose from at a touch; any other one is typed.
OFFERED = (
    "Europe/London",
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Almaty",
    "Asia/Dubai",
    "Asia/Shanghai",
    "America/New_York",
    "America/Los_Angeles",
)
# Listed with the others on many machines: whatever clock this one has, which PostgreSQL does not know; none.
_NO_PLACES = frozenset({"localtime", "Factory"})


def find_timezone(text: str) -> str:
    """Return the IANA name meant by `text`: the name itself in any case, or the city in it ("new york").

    Raises:
        UnknownTimeZone: there is none, or more than one city is called so.
        TimeZoneMissing: nothing was typed.
    """
    wanted = "_".join(text.split()).casefold()
    if not wanted:
        raise TimeZoneMissing
    if name := _names().get(wanted):
        return name
    cities = {name for key, name in _names().items() if key.rpartition("/")[2] == wanted}
    if len(cities) > 1:
        # Of one city's names, such as Europe/Istanbul and Asia/Istanbul, only one is in use.
        cities &= _places()
    if len(cities) != 1:
        raise UnknownTimeZone(text=text)
    return cities.pop()


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of a stored name; None without a name, or when this machine does not know it."""
    try:
        return ZoneInfo(name) if name and name not in _NO_PLACES else None
    except (LookupError, ValueError, OSError):
        return None


@cache
def _names() -> dict[str, str]:
    # Reading the whole database takes a while, and it does not change while a process lives.
    return {name.casefold(): name for name in zoneinfo.available_timezones() - _NO_PLACES}


@cache
def _places() -> frozenset[str]:
    # The list for people to choose from: each country's zones, without the names they had before.
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines()
    return frozenset(line.split("\t")[2] for line in lines if line and not line.startswith("#"))
