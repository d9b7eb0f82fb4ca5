"""What the clocks of recipients show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from telegrambot.accounts.exceptions import BadQuietHours
from telegrambot.accounts.quiet_hours import QuietHours


def moment_for(
    person: Mapping[str, Any], now: datetime, wall_clock: datetime | None, default: ZoneInfo
) -> datetime:
    """When this person may get their copy.

    Args:
        person: the columns `timezone` and `preferences`.
        now: the moment, aware.
        wall_clock: what their own clock has to show (naive); None: at once.
        default: counts for people who named none.
    """
    # A time that the change to summer time leaves out is reached an hour later.
    due = now
    if wall_clock is not None:
        due = max(now, wall_clock.replace(tzinfo=zone_named(person["timezone"], default)).astimezone(UTC))
    return end_of_quiet_hours(person, due, default)


def end_of_quiet_hours(person: Mapping[str, Any], moment: datetime, default: ZoneInfo) -> datetime:
    """The first moment at or after `moment` that is not quiet for this person."""
    chosen = person["preferences"].get("quiet_hours")
    if not chosen:
        return moment
    try:
        hours = QuietHours.parse(str(chosen))
    except BadQuietHours:
        return moment  # one unreadable row must not stop a broadcast
    return hours.end_after(moment, zone_named(person["timezone"], default))


def zone_named(name: str, default: ZoneInfo) -> ZoneInfo:
    """A time zone, or `default` without a name, or when this machine does not know it."""
    try:
        return ZoneInfo(name) if name else default
    except (LookupError, ValueError, OSError):
        return default
