"""How a broadcast stands, as its page shows it: before it starts, while it runs, afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from config.errors import DomainError
from telegrambot.broadcasts import content, ledger, preflight
from telegrambot.broadcasts.bot import texts
from telegrambot.broadcasts.models import Broadcast, FollowUp

Status = Broadcast.Status

# Unfold's colours for what waits, goes well or needs a person.
COLOURS = {
    "DRAFT": "default",
    "SCHEDULED": "info",
    "SENDING": "primary",
    "PAUSED": "warning",
    "SENT": "success",
    "FAILED": "danger",
    "CANCELLED": "default",
    "WAITS": "warning",
}
_REASONS = 10


@dataclass(frozen=True)
class Line:
    """A number with its name.

    Attributes:
        share: of the whole, 0 to 100.
        outcome: the filter of the ledger that lists them.
    """

    label: str
    count: int
    share: float = 0.0
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Reach:
    """Whom a broadcast would reach now.

    Attributes:
        problem: why that cannot be told.
    """

    found: preflight.Preflight | None
    problem: str = ""

    @property
    def recipients(self) -> int:
        """How many get it."""
        return self.found.reach.recipients if self.found else 0

    @property
    def left_out(self) -> list[str]:
        """Who does not get it, and why."""
        if self.found is None:
            return []
        reach = self.found.reach
        lines = (
            (_("{count} switched off"), reach.inactive),
            (_("{count} blocked the bot"), reach.blocked),
            (_("{count} opted out"), reach.opted_out),
            (_("{count} without a chat"), reach.without_chat),
        )
        return [text.format(count=texts.number(count)) for text, count in lines if count]

    @property
    def notes(self) -> list[str]:
        """When it arrives."""
        if self.found is None or not self.recipients:
            return []
        lines = []
        if self.found.asleep:
            text = _("{count} have quiet hours now and get it after them")
            lines.append(text.format(count=texts.number(self.found.asleep)))
        if self.found.seconds:
            lines.append(_("Sending takes about {time}").format(time=texts.duration(self.found.seconds)))
        return lines


def reach_of(broadcast: Broadcast) -> Reach:
    """Whom it would reach now. Two queries."""
    try:
        return Reach(preflight.check(broadcast))
    except DomainError as error:
        return Reach(None, str(error))


def obstacle(broadcast: Broadcast) -> str:
    """Why it could not start as it is; empty when it could. One query."""
    try:
        content.check(broadcast)
    except DomainError as error:
        return str(error)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


@dataclass
class Standing:
    """A broadcast that has started. Each part asks the database once, when it is first shown."""

    broadcast: Broadcast
    moment: Any = field(default_factory=timezone.now)

    @cached_property
    def progress(self) -> ledger.Progress:
        """How far it is."""
        return ledger.progress(self.broadcast)

    @cached_property
    def changes(self) -> list[ledger.FollowUpProgress]:
        """Its recall and corrections."""
        return ledger.follow_ups(self.broadcast)

    @cached_property
    def is_recalled(self) -> bool:
        """Whether it was taken back."""
        return any(change.kind == FollowUp.Kind.RECALL for change in self.changes)

    @cached_property
    def is_live(self) -> bool:
        """Whether what the page shows still changes by itself."""
        if self.broadcast.is_running or any(change.waiting for change in self.changes):
            return True
        return bool(self.changes) and self.broadcast.follow_ups.filter(finished_at=None).exists()

    @property
    def state(self) -> str:
        """What may be done depends on it: when it changes, the page is another one."""
        return f"{self.broadcast.status}-{int(self.is_recalled)}-{int(self.is_live)}"

    @property
    def outcomes(self) -> list[Line]:
        """What became of the copies."""
        found = self.progress
        counts = (
            (_("received"), found.received, "received"),
            (_("failed"), found.failed, "failed"),
            (_("uncertain"), found.uncertain, "uncertain"),
            (_("cancelled"), found.cancelled, "cancelled"),
            (_("waiting"), found.waiting, "waiting"),
        )
        whole = sum(count for _label, count, _outcome in counts) or 1
        return [Line(label, count, 100 * count / whole, outcome) for label, count, outcome in counts]

    @property
    def speed(self) -> str:
        """How fast it goes, and how long it will take."""
        found = self.progress
        if not self.broadcast.is_running or not found.seconds_left:
            return ""
        return _("{rate} a second, about {time} left").format(
            rate=number_format(found.rate, 1), time=texts.duration(found.seconds_left)
        )

    @property
    def later(self) -> str:
        """Who waits for their own time."""
        if not self.progress.postponed:
            return ""
        text = _("{count} of them get it later by their own clock")
        return text.format(count=texts.number(self.progress.postponed))

    @cached_property
    def reasons(self) -> list[Line]:
        """Why people did not get it, the most frequent first."""
        found = self.progress
        if not (found.failed or found.uncertain or found.cancelled):
            return []
        names = {"failed": _("failed"), "uncertain": _("uncertain"), "cancelled": _("cancelled")}
        return [
            Line(reason or names[status], count, outcome=status, reason=reason)
            for status, reason, count in ledger.reasons(self.broadcast, limit=_REASONS)
        ]

    @cached_property
    def clicks(self) -> list[Line]:
        """How many people pressed which button."""
        labels = [button["text"] for row in self.broadcast.buttons for button in row if not button.get("url")]
        if not labels:
            return []
        pressed = dict(
            self.broadcast.clicks.values_list("button").annotate(count=Count("pk")).order_by("button")
        )
        buttons: Sequence[dict[str, str]] = [button for row in self.broadcast.buttons for button in row]
        received = self.progress.received or 1
        return [
            Line(button["text"], pressed.get(number, 0), 100 * pressed.get(number, 0) / received)
            for number, button in enumerate(buttons)
            if not button.get("url")
        ]

    @cached_property
    def has_links(self) -> bool:
        """Whether it has buttons of which nobody learns who presses them."""
        return any(button.get("url") for row in self.broadcast.buttons for button in row)

    @cached_property
    def opt_outs(self) -> int:
        """How many people left because of it."""
        return self.broadcast.opt_outs.count()

    @property
    def follow_ups(self) -> list[str]:
        """How far its recall and corrections are, in words."""
        return [texts.follow_up(change) for change in self.changes]


def moment_of(broadcast: Broadcast) -> str:
    """When it starts, or when it ran, in words."""
    if broadcast.status == Status.SCHEDULED:
        text = _("It was due on {moment}") if broadcast.needs_confirmation else _("It starts on {moment}")
        return text.format(moment=texts.moment_in_words(broadcast))
    parts = [
        (_("started on {moment}"), broadcast.started_at),
        (_("over since {moment}"), None if broadcast.is_running else broadcast.sent_at),
    ]
    return ", ".join(
        text.format(moment=date_format(timezone.localtime(moment), "DATETIME_FORMAT"))
        for text, moment in parts
        if moment
    )
