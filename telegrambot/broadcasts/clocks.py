"""What the clocks of recipients show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from telegrambot.accounts.exceptions import BadQuietHours
from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.accounts.timezones import zone_named
from telegrambot.broadcasts.models import Broadcast

# From the first time zone of a day (UTC+14) to the last (UTC-12).
EARLIEST_ZONE = timedelta(hours=26)


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
    due = now if wall_clock is None else max(now, when_shown(wall_clock, person["timezone"], default))
    return end_of_quiet_hours(person, due, default)


def when_shown(wall_clock: datetime, zone: str, default: ZoneInfo) -> datetime:
    """When clocks of a time zone show this (naive) time, in UTC.

    A time that the change to summer time leaves out is reached an hour later; of one that comes twice, the
    first counts.
    """
    return wall_clock.replace(tzinfo=zone_named(zone) or default).astimezone(UTC)


def wall_clock_of(broadcast: Broadcast) -> datetime | None:
    """What everybody's own clock has to show, naive; None when all get it at the same moment."""
    if not broadcast.is_local_time or broadcast.scheduled_at is None:
        return None
    return broadcast.scheduled_at.astimezone(operators_zone(broadcast)).replace(tzinfo=None)


def operators_zone(broadcast: Broadcast) -> ZoneInfo:
    """Whose clock its schedule means; it counts for people who named no time zone too."""
    return zone_named(broadcast.schedule_timezone) or ZoneInfo(settings.TIME_ZONE)


def starts_at(broadcast: Broadcast) -> datetime | None:
    """When a scheduled one starts: by everybody's own clock, as soon as it may be that time anywhere."""
    if broadcast.scheduled_at is None:
        return None
    return broadcast.scheduled_at - (EARLIEST_ZONE if broadcast.is_local_time else timedelta(0))


def end_of_quiet_hours(person: Mapping[str, Any], moment: datetime, default: ZoneInfo) -> datetime:
    """The first moment at or after `moment` that is not quiet for this person."""
    chosen = person["preferences"].get("quiet_hours")
    if not chosen:
        return moment
    try:
        hours = QuietHours.parse(str(chosen))
    except BadQuietHours:
        return moment  # one unreadable row must not stop a broadcast
    return hours.end_after(moment, zone_named(person["timezone"]) or default)
