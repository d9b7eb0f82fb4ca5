"""What operators see before they confirm: who gets it, who does not and why, how long it takes."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from telegrambot.broadcasts import pacing, recipients
from telegrambot.broadcasts.clocks import end_of_quiet_hours, operators_zone
from telegrambot.broadcasts.models import Broadcast


@dataclass(frozen=True, slots=True)
class Preflight:
    """A broadcast before it starts.

    Attributes:
        reach: recipients, and who is left out for which reason.
        asleep: recipients who have quiet hours right now and get it when those end.
        seconds: how long sending takes at the current budget; 0 where there is no limit.
        needs_number: whether the number of recipients has to be typed.
    """

    reach: recipients.Reach
    asleep: int
    seconds: float
    needs_number: bool


def check(broadcast: Broadcast) -> Preflight:
    """Count a broadcast's audience as it is now, in two queries.

    Raises:
        UnknownCondition, BadCondition: its segment cannot be read.
    """
    conditions = recipients.chosen(broadcast)
    reach = recipients.reach(conditions)
    return Preflight(
        reach=reach,
        asleep=_asleep(broadcast, conditions),
        seconds=pacing.seconds_for(reach.recipients),
        needs_number=reach.recipients > settings.BROADCAST_CONFIRM_ABOVE,
    )


def _asleep(broadcast: Broadcast, conditions: dict[str, object]) -> int:
    # People with the same hours in the same zone sleep at the same time: a few groups, whatever the audience.
    groups = (
        recipients.reachable(conditions)
        .filter(preferences__has_key="quiet_hours")
        .values_list("timezone", KeyTextTransform("quiet_hours", "preferences"))
        .annotate(count=Count("pk"))
        .order_by()
    )
    now, default = timezone.now(), operators_zone(broadcast)
    return sum(
        count
        for zone, hours, count in groups
        if end_of_quiet_hours({"timezone": zone, "preferences": {"quiet_hours": hours}}, now, default) > now
    )
