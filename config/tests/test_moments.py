"""Moments of the database that Python has nothing to hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from config.postgresql.moments import EARLIEST, LATEST

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("infinity", (LATEST, date.max)),
        ("-infinity", (EARLIEST, date.min)),
        ("12000-01-01", (LATEST, date.max)),
        ("9999-12-31 23:59:59Z", (LATEST, date.max)),
        ("0044-03-15 BC", (EARLIEST, date.min)),
        ("0001-01-01 00:00Z", (EARLIEST, date.min)),
        ("2026-03-15 12:00+03", (datetime(2026, 3, 15, 9, tzinfo=UTC), date(2026, 3, 15))),
    ],
)
def test_every_moment_is_read_as_one_that_pages_can_show(written, read):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, %s::date", [written, written])
        assert cursor.fetchone() == read


def test_what_is_not_there_stays_so():
    with connection.cursor() as cursor:
        cursor.execute("SELECT NULL::timestamptz, NULL::date, ARRAY['infinity', NULL]::date[]")
        assert cursor.fetchone() == (None, None, [date.max, None])
