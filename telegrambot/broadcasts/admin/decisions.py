"""What operators may decide about a broadcast: when it is offered, what is asked first, what is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import follow_ups, ledger, services
from telegrambot.broadcasts.admin.questions import CorrectionForm, QuestionForm, ScheduleForm, StartForm
from telegrambot.broadcasts.admin.standing import Standing
from telegrambot.broadcasts.bot import texts
from telegrambot.broadcasts.models import Broadcast

Status = Broadcast.Status
Actor = TelegramUser | None
# Carries it out; gives the broadcast to look at next, and a sentence that tells what happened.
Told = tuple[Broadcast, str]
Act = Callable[[Broadcast, Mapping[str, Any], Actor], Told]


@dataclass(frozen=True)
class Decision:
    """Something to decide.

    Attributes:
        is_sensible: whether it makes sense for a broadcast as it stands.
        question: asked on a page of its own, with `warning`; without one it is done at once.
        yes: the words on the button of that page.
        fact: what to know before the answer, in numbers.
        is_about_reach: the page shows whom it reaches.
        is_main: what people mostly come for.
        is_final: nothing brings back what was.
        permission: what it takes.
    """

    name: str
    label: Any
    icon: str
    is_sensible: Callable[[Standing], bool]
    act: Act
    question: Any = ""
    warning: Any = ""
    yes: Any = ""
    form: type[QuestionForm] = QuestionForm
    fact: Callable[[Broadcast], str] | None = None
    is_about_reach: bool = False
    is_main: bool = False
    is_final: bool = False
    permission: str = "broadcasts.change_broadcast"


def sensible(standing: Standing) -> list[Decision]:
    """What may be decided now, in the order of the page."""
    return [decision for decision in DECISIONS.values() if decision.is_sensible(standing)]


# ── When ──────────────────────────────────────────────────────────────────────────────────────────────────


def _is(*statuses: Broadcast.Status) -> Callable[[Standing], bool]:
    return lambda standing: standing.broadcast.status in statuses


def _is_open(standing: Standing) -> bool:
    return standing.broadcast.is_open


def _may_retry(standing: Standing) -> bool:
    is_over = standing.broadcast.status in {Status.SENT, Status.FAILED, Status.PAUSED}
    return is_over and not standing.is_recalled and standing.progress.failed > 0


def _may_recall(standing: Standing) -> bool:
    return not standing.broadcast.is_open and not standing.is_recalled and standing.progress.received > 0


def _may_correct(standing: Standing) -> bool:
    if standing.broadcast.is_open or standing.broadcast.status == Status.SENDING or standing.is_recalled:
        return False
    return standing.broadcast.status == Status.PAUSED or standing.progress.received > 0


# ── In numbers ────────────────────────────────────────────────────────────────────────────────────────────


def _retried(broadcast: Broadcast) -> str:
    count = follow_ups.retryable(broadcast).count()
    return _("They can be reached now: {people}.").format(people=texts.people(count))


def _recalled(broadcast: Broadcast) -> str:
    count = follow_ups.recallable(broadcast).count()
    return _("It can be deleted for {people}.").format(people=texts.people(count))


def _waiting(broadcast: Broadcast) -> str:
    return _("They have not got it yet: {people}.").format(
        people=texts.people(ledger.progress(broadcast).waiting)
    )


def _corrected(broadcast: Broadcast) -> str:
    return _("They have it with the old text: {people}.").format(
        people=texts.people(ledger.progress(broadcast).received)
    )


# ── What ──────────────────────────────────────────────────────────────────────────────────────────────────


def _send_to_me(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.send_to_me(broadcast, actor=actor)
    return broadcast, _("Sent to you. It does not count.")


def _start(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.start(broadcast, confirmed=found.get("confirmed"), seen=found["seen"], actor=actor)
    return broadcast, _("It is on its way.")


def _schedule(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.schedule(
        broadcast,
        found["moment"],
        is_local_time=found["is_local_time"],
        confirmed=found.get("confirmed"),
        seen=found["seen"],
        actor=actor,
    )
    return broadcast, _("It starts on {moment}").format(moment=texts.moment_in_words(broadcast))


def _unschedule(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.unschedule(broadcast, actor=actor)
    return broadcast, _("It is a draft again.")


def _pause(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.pause(broadcast, actor=actor)
    return broadcast, _("Paused.")


def _resume(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.resume(broadcast, actor=actor)
    return broadcast, _("It goes on.")


def _cancel(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    services.cancel(broadcast, actor=actor)
    return broadcast, _("Cancelled.")


def _retry(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    count = follow_ups.retry_failed(broadcast, actor=actor)
    sentence = ngettext("{count} person gets another try.", "{count} people get another try.", count)
    return broadcast, sentence.format(count=texts.number(count))


def _recall(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    follow_ups.recall(broadcast, actor=actor)
    return broadcast, _("It is being taken back.")


def _correct(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    count = follow_ups.correct(broadcast, found["text"], actor=actor)
    sentence = ngettext(
        "The text is another one now. {count} person had it with the old one.",
        "The text is another one now. {count} people had it with the old one.",
        count,
    )
    return broadcast, sentence.format(count=texts.number(count))


def _copy(broadcast: Broadcast, found: Mapping[str, Any], actor: Actor) -> Told:
    return services.copy(broadcast, actor=actor), _("This is the copy.")


# ── All of them ───────────────────────────────────────────────────────────────────────────────────────────

_ALL = (
    Decision(
        "start",
        gettext_lazy("Start"),
        "play_arrow",
        _is_open,
        _start,
        question=gettext_lazy("Send “{title}” now?"),
        warning=gettext_lazy("Look at the message once more: it goes to everybody counted here."),
        yes=gettext_lazy("Yes, send it"),
        form=StartForm,
        is_about_reach=True,
        is_main=True,
    ),
    Decision(
        "schedule",
        gettext_lazy("Schedule"),
        "calendar_clock",
        _is_open,
        _schedule,
        question=gettext_lazy("When should “{title}” start?"),
        warning=gettext_lazy("It starts by itself then, for whoever is counted at that time."),
        yes=gettext_lazy("Schedule it"),
        form=ScheduleForm,
        is_about_reach=True,
    ),
    Decision(
        "unschedule",
        gettext_lazy("Take off the schedule"),
        "event_busy",
        _is(Status.SCHEDULED),
        _unschedule,
        question=gettext_lazy("Take “{title}” off the schedule?"),
        warning=gettext_lazy("It is a draft again and waits for you."),
        yes=gettext_lazy("Yes, take it off"),
    ),
    Decision("try", gettext_lazy("Send to me first"), "send_to_mobile", _is_open, _send_to_me),
    Decision("pause", gettext_lazy("Pause"), "pause", _is(Status.SENDING), _pause, is_main=True),
    Decision(
        "resume",
        gettext_lazy("Resume"),
        "play_arrow",
        _is(Status.PAUSED),
        _resume,
        question=gettext_lazy("Go on with “{title}”?"),
        warning=gettext_lazy("It goes on exactly where it was paused; nobody gets it twice."),
        yes=gettext_lazy("Yes, go on"),
        is_main=True,
    ),
    Decision(
        "retry",
        gettext_lazy("Retry failed"),
        "replay",
        _may_retry,
        _retry,
        question=gettext_lazy("Send “{title}” again to those whose copy failed?"),
        warning=gettext_lazy(
            "Only to people who can be reached now. What may have arrived is left alone: nobody gets it "
            "twice."
        ),
        yes=gettext_lazy("Yes, try again"),
        fact=_retried,
    ),
    Decision(
        "correct",
        gettext_lazy("Correct"),
        "edit",
        _may_correct,
        _correct,
        question=gettext_lazy("What should “{title}” say?"),
        warning=gettext_lazy("The right text replaces the old one at once, also where people have read it."),
        yes=gettext_lazy("Yes, correct it"),
        form=CorrectionForm,
        fact=_corrected,
    ),
    Decision(
        "cancel",
        gettext_lazy("Cancel"),
        "stop",
        _is(Status.SENDING, Status.PAUSED),
        _cancel,
        question=gettext_lazy("Cancel “{title}”?"),
        warning=gettext_lazy("Whoever has not got it yet never will. This cannot be undone."),
        yes=gettext_lazy("Yes, cancel it"),
        fact=_waiting,
        is_final=True,
    ),
    Decision(
        "recall",
        gettext_lazy("Take back"),
        "undo",
        _may_recall,
        _recall,
        question=gettext_lazy("Take “{title}” back?"),
        warning=gettext_lazy(
            "It is deleted from the chats of those who got it in the last 48 hours; what has not left is "
            "cancelled. This cannot be undone."
        ),
        yes=gettext_lazy("Yes, take it back"),
        fact=_recalled,
        is_final=True,
    ),
    Decision(
        "copy",
        gettext_lazy("Copy"),
        "content_copy",
        lambda standing: True,
        _copy,
        permission="broadcasts.add_broadcast",
    ),
)
DECISIONS = {decision.name: decision for decision in _ALL}
