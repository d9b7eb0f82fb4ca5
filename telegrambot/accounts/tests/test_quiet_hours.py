"""Quiet hours as people type them."""

from __future__ import annotations

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
