"""What broadcasts keep about their recipients, beside the copies, which are messages."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding, exempt, guard, register
from telegrambot.broadcasts.models import (
    Broadcast,
    BroadcastClick,
    BroadcastOptOut,
    FollowUp,
    Postponement,
)


def _hold_back(person: TelegramUser) -> None:
    """Let no round make or amend a copy meanwhile: it would be for nobody, and the round would fail."""
    amended = FollowUp.objects.filter(finished_at=None).values("broadcast")
    busy = Broadcast.objects.filter(
        Q(status__in=[Broadcast.Status.SENDING, Broadcast.Status.PAUSED]) | Q(pk__in=amended)
    )
    list(busy.order_by("pk").select_for_update(no_key=True).values_list("pk"))


guard(_hold_back, order=20)

register(
    Holding(
        "broadcasts.clicks",
        BroadcastClick,
        _("Buttons pressed below broadcasts"),
        lambda person: BroadcastClick.objects.filter(person=person),
        fields={"broadcast__title": _("broadcast"), "button": _("button"), "clicked_at": _("pressed")},
    )
)
register(
    Holding(
        "broadcasts.opt_outs",
        BroadcastOptOut,
        _("Opt-outs after broadcasts"),
        lambda person: BroadcastOptOut.objects.filter(person=person),
        fields={"broadcast__title": _("broadcast"), "opted_out_at": _("when")},
    )
)
register(
    Holding(
        "broadcasts.postponements",
        Postponement,
        _("Broadcasts still to come"),
        lambda person: Postponement.objects.filter(person=person),
        fields={"broadcast__title": _("broadcast"), "due_at": _("due")},
    )
)

exempt(
    "broadcasts.Broadcast", "Operators write it for many; the database forgets who, when that person goes."
)
exempt("broadcasts.BroadcastMedia", "A broadcast's photos and videos.")
exempt(
    "broadcasts.FollowUp", "A decision about a broadcast; the database forgets whose, when that person goes."
)
exempt("broadcasts.Segment", "Conditions by which people are chosen, not people.")
