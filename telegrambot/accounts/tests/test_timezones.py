"""Time zones as people type them."""

from __future__ import annotations

import pytest

from telegrambot.accounts.exceptions import TimeZoneMissing, UnknownTimeZone
from telegrambot.accounts.timezones import OFFERED, find_timezone, zone_named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Lisbon", "Europe/Lisbon"),
        (" new  york ", "America/New_York"),
        ("utc", "UTC"),
        ("Istanbul", "Europe/Istanbul"),
        ("Nicosia", "Asia/Nicosia"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Cordoba", "America/Argentina/Cordoba"),
        ("Indianapolis", "America/Indiana/Indianapolis"),
        ("Louisville", "America/Kentucky/Louisville"),
        ("Calcutta", "Asia/Calcutta"),
    ],
)
def test_a_name_or_a_city_is_found(text, name):
    assert find_timezone(text) == name


@pytest.mark.parametrize(
    "text",
    ["Atlantis", "../../etc/passwd", "/etc/localtime", "Europe", "\x00", "x" * 5000, "localtime", "Factory"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UnknownTimeZone):
        find_timezone(text)


@pytest.mark.parametrize("text", ["eastern", "Central", "west", "samoa"])
def test_what_may_be_one_or_another_is_refused(text):
    with pytest.raises(UnknownTimeZone):
        find_timezone(text)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_is_no_time_zone(text):
    with pytest.raises(TimeZoneMissing):
        find_timezone(text)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "\x00", "localtime"])
def test_a_stored_name_that_this_machine_does_not_know_is_none(name):
    assert zone_named(name) is None


@pytest.mark.parametrize("name", OFFERED)
def test_every_offered_zone_exists(name):
    assert str(zone_named(find_timezone(name))) == name
