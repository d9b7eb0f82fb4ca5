"""The life of a broadcast: draft → scheduled → sending ⇄ paused → sent; or cancelled, or failed.

Each function is one transaction that locks the broadcast's row, so whatever two operators decide at once
happens one after the other. Those that change one read only the key of what they are given, and leave it as
the row is then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import clocks, content, ledger, recipients, withdrawals
from telegrambot.broadcasts.exceptions import (
    AlreadyOver,
    BroadcastNotFound,
    CannotReachYou,
    ChangedMeanwhile,
    ConfirmationNeeded,
    NobodyToTell,
    NotADraft,
    NotPaused,
    NotSending,
    StillCorrecting,
    TimeIsPast,
    TimeIsTooFar,
)
from telegrambot.broadcasts.fingerprints import fingerprint
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia, FollowUp
from telegrambot.engine import outbox, wake
from telegrambot.engine.models import Message

Status = Broadcast.Status

FARTHEST = timedelta(days=5 * 366)
_MAX_PROBLEM = 300

# ── Before it runs ────────────────────────────────────────────────────────────────────────────────────────


def find(broadcast_id: UUID) -> Broadcast:
    """Return the broadcast behind a button.

    Raises:
        BroadcastNotFound: it was discarded meanwhile.
    """
    found = Broadcast.objects.select_related("segment").filter(pk=broadcast_id).first()
    if found is None:
        raise BroadcastNotFound
    return found


@transaction.atomic
def draft(title: str, text: str, *, actor: TelegramUser | None) -> Broadcast:
    """Make a new draft of a text, for everybody.

    Raises:
        ValidationError: the text is no Telegram HTML, or too long; the title is too long.
    """
    made = Broadcast(title=title, message_text=text, created_by=actor)
    _clean(made, {"title", "message_text"})
    made.save()
    return made


@transaction.atomic
def change(broadcast: Broadcast, *, actor: TelegramUser | None, **values: Any) -> None:
    """Change what has not started. Another audience takes it off the schedule: its size was confirmed.

    Raises:
        NotADraft: it has started already.
        ValidationError: a value is wrong.
    """
    row = locked(broadcast)
    _require_open(row)
    for name, value in values.items():
        setattr(row, name, value)
    _clean(row, values.keys())
    changed = [*values]
    if {"target_audience", "segment"} & values.keys() and row.status == Status.SCHEDULED:
        changed += _take_off_the_schedule(row)
    keep(broadcast, row, *changed)


@transaction.atomic
def discard(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Delete what has not started.

    Raises:
        NotADraft: it has started already.
    """
    row = locked(broadcast)
    _require_open(row)
    row.delete()


@transaction.atomic
def copy(broadcast: Broadcast, *, actor: TelegramUser | None) -> Broadcast:
    """Make a new draft with the same content and audience."""
    made = Broadcast.objects.create(
        title=broadcast.title,
        message_text=broadcast.message_text,
        message_type=broadcast.message_type,
        buttons=broadcast.buttons,
        target_audience=broadcast.target_audience,
        segment=broadcast.segment,
        created_by=actor,
    )
    BroadcastMedia.objects.bulk_create(
        BroadcastMedia(
            broadcast=made, position=media.position, kind=media.kind, name=media.name, content=media.content
        )
        for media in broadcast.media.all()
    )
    return made


@transaction.atomic
def send_to_me(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Send `actor` a copy as recipients will see it; it is never counted.

    Raises:
        CannotReachYou: `actor` has no chat with the bot.
        NothingToSay, WrongMedia, DeadButton, ValidationError: see `content.check`.
    """
    content.check(broadcast)
    chat = recipients.chats().filter(person=actor).order_by("pk").first() if actor else None
    if actor is None or chat is None:
        raise CannotReachYou
    person = {"first_name": actor.first_name, "last_name": actor.last_name, "username": actor.username}
    outbox.queue(
        [
            outbox.Draft(
                dialog_id=chat.pk,
                person_id=actor.pk,
                text=content.text_for(broadcast, person),
                message_type=broadcast.message_type,
                payload=content.payload(broadcast, is_trial=True),
                origin=f"broadcast-preview:{broadcast.pk}",
                dedupe_key=f"broadcast-preview:{uuid4()}",
            )
        ]
    )


@transaction.atomic
def schedule(
    broadcast: Broadcast,
    moment: datetime,
    *,
    is_local_time: bool = False,
    confirmed: int | None = None,
    seen: str = "",
    actor: TelegramUser | None,
) -> None:
    """Let it start by itself at `moment`.

    By everybody's own clock it starts up to 26 hours before, at once if need be: it may be that time
    somewhere, or be past it, and those who live there get it first.

    Args:
        moment: aware.
        is_local_time: everybody gets it when their own clock shows what `moment` is on the operator's.
        confirmed: the number of recipients, typed by the operator; needed for large audiences.
        seen: as in `start`.

    Raises:
        NotADraft: it has started already.
        TimeIsPast, TimeIsTooFar: `moment` is.
        ChangedMeanwhile, NothingToSay, WrongMedia, DeadButton, NobodyToTell, ConfirmationNeeded,
            ValidationError: as `start`.
    """
    row = locked(broadcast)
    _require_open(row)
    _require_as_seen(row, seen)
    if moment <= timezone.now():
        raise TimeIsPast
    if moment > timezone.now() + FARTHEST:
        raise TimeIsTooFar
    reach = _check(row, confirmed)
    row.status, row.scheduled_at, row.is_local_time = Status.SCHEDULED, moment, is_local_time
    row.needs_confirmation, row.problem, row.schedule_timezone = False, "", _timezone(actor)
    if (first := clocks.starts_at(row)) is not None and first <= timezone.now():
        begin(row, reach.recipients)
    keep(broadcast, row, *_SCHEDULE, "problem")


@transaction.atomic
def unschedule(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Make it a draft again.

    Raises:
        NotADraft: it has started already.
    """
    row = locked(broadcast)
    _require_open(row)
    keep(broadcast, row, *_take_off_the_schedule(row))


@transaction.atomic
def start(
    broadcast: Broadcast, *, confirmed: int | None = None, seen: str = "", actor: TelegramUser | None
) -> None:
    """Start sending now, once: whoever comes second is told that it runs.

    Args:
        confirmed: the number of recipients, typed by the operator; needed for large audiences.
        seen: the `fingerprint` of what the operator looked at; empty where nobody did.

    Raises:
        NotADraft: it has started already.
        ChangedMeanwhile: it is not what the operator looked at.
        NothingToSay, WrongMedia, DeadButton, ValidationError: see `content.check`.
        NobodyToTell: nobody would get it.
        ConfirmationNeeded: the audience is large, and `confirmed` is not its number.
    """
    row = locked(broadcast)
    _require_open(row)
    _require_as_seen(row, seen)
    reach = _check(row, confirmed)
    # Now means now, whatever was scheduled before.
    row.is_local_time, row.schedule_timezone = False, _timezone(actor)
    begin(row, reach.recipients)
    keep(broadcast, row)


# ── While it runs ─────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def pause(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Hold back what has not left; what is under way at Telegram arrives.

    Raises:
        NotSending: it does not run.
    """
    row = locked(broadcast)
    if row.status != Status.SENDING:
        raise NotSending(title=row.title, status=row.get_status_display())
    row.status = Status.PAUSED
    keep(broadcast, row, "status")
    hold(row)


@transaction.atomic
def resume(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Go on exactly where it was paused.

    Raises:
        NotPaused: it is not paused.
        StillCorrecting: copies with the old text have not been taken out yet.
    """
    row = locked(broadcast)
    if row.status != Status.PAUSED:
        raise NotPaused(title=row.title, status=row.get_status_display())
    if row.follow_ups.filter(kind=FollowUp.Kind.CORRECTION, up_to=None, finished_at=None).exists():
        raise StillCorrecting(title=row.title)
    row.status = Status.SENDING
    keep(broadcast, row, "status")
    # People may have been switched off since, and night may have fallen.
    withdrawals.drop_the_gone(row)
    withdrawals.put_off_the_sleeping(row)
    ledger.copies(row).filter(status=Message.Status.QUEUED, not_before=None).update(not_before=Now())
    wake.messages()


@transaction.atomic
def cancel(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """End it: what has not left never will.

    Raises:
        AlreadyOver: it has ended already.
    """
    row = locked(broadcast)
    if row.status in {Status.SENT, Status.FAILED, Status.CANCELLED}:
        raise AlreadyOver(title=row.title, status=row.get_status_display())
    _end(row, Status.CANCELLED)
    keep(broadcast, row)


def stop(broadcast: Broadcast, problem: str) -> None:
    """End it because of a problem that needs a person; the caller holds its row lock."""
    broadcast.problem = problem[:_MAX_PROBLEM]
    _end(broadcast, Status.FAILED)


def hold(broadcast: Broadcast) -> int:
    """Keep the sender from what is queued of a broadcast that is paused, cancelled or stopped.

    Called again by every round: a message that was under way may come back to be tried once more.
    """
    queued = ledger.copies(broadcast).filter(status=Message.Status.QUEUED)
    if broadcast.status == Status.PAUSED:
        return queued.filter(not_before__isnull=False).update(not_before=None)
    return queued.update(status=Message.Status.CANCELLED, error="The broadcast was cancelled.")


def _end(row: Broadcast, status: Broadcast.Status) -> None:
    row.status, row.sent_at = status, timezone.now()
    row.save(update_fields=["status", "sent_at", "problem"])
    row.postponements.all().delete()
    hold(row)
    ledger.count(row)


# ── What the schedule and the follow-ups need too ─────────────────────────────────────────────────────────

_SCHEDULE = ("status", "scheduled_at", "is_local_time", "schedule_timezone", "needs_confirmation")
_BEGINNING = (*_SCHEDULE, "conditions", "audience_size", "started_at", "problem")


def locked(broadcast: Broadcast) -> Broadcast:
    """The broadcast as it is now, locked until the transaction ends.

    Raises:
        BroadcastNotFound: it was discarded meanwhile.
    """
    # Without its segment: joined, that would be as it was before we waited for the lock.
    row = Broadcast.objects.select_for_update(no_key=True).filter(pk=broadcast.pk).first()
    if row is None:
        raise BroadcastNotFound
    return row


def begin(row: Broadcast, count: int) -> None:
    """Let a broadcast run whose row is locked, and save it.

    Args:
        count: how many people it is for.
    """
    row.conditions = recipients.chosen(row)
    row.audience_size, row.started_at = count, timezone.now()
    row.status, row.needs_confirmation, row.problem = Status.SENDING, False, ""
    row.save(update_fields=_BEGINNING)


def _check(row: Broadcast, confirmed: int | None) -> recipients.Reach:
    content.check(row)
    reach = recipients.reach(recipients.chosen(row))
    if not reach.recipients:
        raise NobodyToTell(title=row.title)
    if reach.recipients > settings.BROADCAST_CONFIRM_ABOVE and confirmed != reach.recipients:
        raise ConfirmationNeeded(title=row.title, count=reach.recipients)
    return reach


def _clean(row: Broadcast, names: Collection[str]) -> None:
    row.clean_fields(exclude={field.name for field in row._meta.fields if field.name not in names})
    if "message_text" in names:
        content.check_text(row, row.message_text)
    if "buttons" in names:
        content.check_buttons(row)
    if row.target_audience == Broadcast.Audience.SEGMENT and row.segment_id is None:
        raise ValidationError({"segment": _("Please choose the segment it is for.")})


def _take_off_the_schedule(row: Broadcast) -> tuple[str, ...]:
    """Make it a draft again, of which nothing is to be told; which columns that takes."""
    row.status, row.needs_confirmation, row.problem = Status.DRAFT, False, ""
    return "status", "needs_confirmation", "problem"


def _require_open(row: Broadcast) -> None:
    if not row.is_open:
        raise NotADraft(title=row.title, status=row.get_status_display())


def _require_as_seen(row: Broadcast, seen: str) -> None:
    if seen and seen != fingerprint(row):
        raise ChangedMeanwhile(title=row.title)


def keep(broadcast: Broadcast, row: Broadcast, *names: str) -> None:
    """Save these columns, and let the caller's object be as the row is."""
    if names:
        row.save(update_fields=names)
    broadcast._state.adding = False
    for field in row._meta.concrete_fields:
        setattr(broadcast, field.attname, getattr(row, field.attname))


def _timezone(actor: TelegramUser | None) -> str:
    return (actor.timezone if actor else "") or settings.TIME_ZONE
