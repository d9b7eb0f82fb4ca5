"""The hours of a person's day in which nothing but answers should reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from telegrambot.accounts.exceptions import BadQuietHours

_TWO_TIMES = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*[-–—]\s*(\d{1,2})(?::(\d{2}))?\s*", re.ASCII)

# The ones to choose from at a touch, in whole hours; others are typed.
OFFERED = ((22, 7), (23, 8), (0, 9))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until `end` in the person's own time zone; over midnight when `end` is the smaller one.

    Raises:
        BadQuietHours: both are the same.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise BadQuietHours

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "22:00-07:00", also "22-7".

        Raises:
            BadQuietHours: these are not two different times.
        """
        found = _TWO_TIMES.fullmatch(text)
        if found is None:
            raise BadQuietHours
        first_hour, first_minute, last_hour, last_minute = (int(part or 0) for part in found.groups())
        try:
            return cls(time(first_hour, first_minute), time(last_hour, last_minute))
        except ValueError:
            raise BadQuietHours from None

    def end_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment at or after `moment` that is not quiet, in UTC.

        Args:
            moment: an aware time.
            zone: the person's own time zone.
        """
        local = moment.astimezone(zone)
        clock = local.time()
        is_over_midnight = self.end < self.start
        if is_over_midnight:
            is_quiet = clock >= self.start or clock < self.end
        else:
            is_quiet = self.start <= clock < self.end
        if not is_quiet:
            return moment
        day = local.date() + timedelta(days=is_over_midnight and clock >= self.start)
        end = datetime.combine(day, self.end, zone)
        # Of an hour that comes twice, the second one is surely over; one that is left out is over after it.
        return max(end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
