"""The life of a broadcast: draft → scheduled → sending ⇄ paused → sent; or cancelled, or failed.

Each function is one transaction that locks the broadcast's row, so whatever two operators decide at once
happens one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import content, ledger, recipients
from telegrambot.broadcasts.exceptions import (
    AlreadyOver,
    CannotReachYou,
    ConfirmationNeeded,
    NobodyToTell,
    NotADraft,
    NotPaused,
    NotSending,
    TimeIsPast,
)
from telegrambot.broadcasts.models import Broadcast, BroadcastMedia
from telegrambot.engine import outbox, wake
from telegrambot.engine.models import Dialog, Message, Priority

Status = Broadcast.Status

# From the first time zone of a day (UTC+14) to the last (UTC-12).
EARLIEST_ZONE = timedelta(hours=26)
# A message that was under way when its broadcast was cancelled may be queued for another try this much later.
STRAGGLERS_COME_WITHIN = timedelta(minutes=10)

# ── Before it runs ────────────────────────────────────────────────────────────────────────────────────────


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
        NothingToSay, WrongMedia, ValidationError: see `content.check`.
    """
    content.check(broadcast)
    chat = _chat_with(actor)
    if actor is None or chat is None:
        raise CannotReachYou
    content.keep_files(broadcast)
    person = {"first_name": actor.first_name, "last_name": actor.last_name, "username": actor.username}
    outbox.queue(
        [
            outbox.Draft(
                dialog_id=chat.pk,
                person_id=actor.pk,
                text=content.text_for(broadcast, person),
                message_type=broadcast.message_type,
                payload=content.payload(broadcast),
                priority=Priority.NOTICE,
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
    actor: TelegramUser | None,
) -> None:
    """Let it start by itself at `moment`.

    Args:
        moment: aware.
        is_local_time: everybody gets it when their own clock shows what `moment` is on the operator's.
        confirmed: the number of recipients, typed by the operator; needed for large audiences.

    Raises:
        NotADraft: it has started already.
        TimeIsPast: `moment` is.
        NothingToSay, WrongMedia, NobodyToTell, ConfirmationNeeded, ValidationError: as `start`.
    """
    row = _locked(broadcast)
    _require_open(row)
    if moment <= timezone.now():
        raise TimeIsPast
    _check(row, confirmed)
    row.status, row.scheduled_at, row.is_local_time = Status.SCHEDULED, moment, is_local_time
    row.needs_confirmation = False
    _keep(broadcast, row, "status", "scheduled_at", "is_local_time", "needs_confirmation")


@transaction.atomic
def unschedule(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Make it a draft again.

    Raises:
        NotADraft: it has started already.
    """
    row = _locked(broadcast)
    _require_open(row)
    row.status, row.needs_confirmation = Status.DRAFT, False
    _keep(broadcast, row, "status", "needs_confirmation")


@transaction.atomic
def start(broadcast: Broadcast, *, confirmed: int | None = None, actor: TelegramUser | None) -> None:
    """Start sending, once: whoever comes second is told that it runs.

    Args:
        confirmed: the number of recipients, typed by the operator; needed for large audiences.

    Raises:
        NotADraft: it has started already.
        NothingToSay, WrongMedia, ValidationError: see `content.check`.
        NobodyToTell: nobody would get it.
        ConfirmationNeeded: the audience is large, and `confirmed` is not its number.
    """
    row = _locked(broadcast)
    _require_open(row)
    reach = _check(row, confirmed)
    _begin(row, reach.recipients)
    _keep(broadcast, row, "status", "conditions", "audience_size", "started_at", "needs_confirmation")


# ── While it runs ─────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def pause(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Hold back what has not left; what is under way at Telegram arrives.

    Raises:
        NotSending: it does not run.
    """
    row = _locked(broadcast)
    if row.status != Status.SENDING:
        raise NotSending(title=row.title, status=row.get_status_display())
    row.status = Status.PAUSED
    _keep(broadcast, row, "status")
    hold(row)


@transaction.atomic
def resume(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """Go on exactly where it was paused.

    Raises:
        NotPaused: it is not paused.
    """
    row = _locked(broadcast)
    if row.status != Status.PAUSED:
        raise NotPaused(title=row.title, status=row.get_status_display())
    row.status = Status.SENDING
    _keep(broadcast, row, "status")
    ledger.copies(row).filter(status=Message.Status.QUEUED, not_before=None).update(not_before=Now())
    wake.messages()


@transaction.atomic
def cancel(broadcast: Broadcast, *, actor: TelegramUser | None) -> None:
    """End it: what has not left never will.

    Raises:
        AlreadyOver: it has ended already.
    """
    row = _locked(broadcast)
    if row.status in {Status.SENT, Status.FAILED, Status.CANCELLED}:
        raise AlreadyOver(title=row.title, status=row.get_status_display())
    row.status, row.sent_at = Status.CANCELLED, timezone.now()
    _keep(broadcast, row, "status", "sent_at")
    row.postponements.all().delete()
    hold(row)
    ledger.count(row)


def hold(broadcast: Broadcast) -> int:
    """Keep the sender from what is queued of a broadcast that is paused or cancelled.

    Called again by every round: a message that was under way may come back to be tried once more.
    """
    queued = ledger.copies(broadcast).filter(status=Message.Status.QUEUED)
    if broadcast.status == Status.PAUSED:
        return queued.filter(not_before__isnull=False).update(not_before=None)
    return queued.update(status=Message.Status.CANCELLED, error="The broadcast was cancelled.")


# ── The schedule ──────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def start_if_due(broadcast: Broadcast) -> bool:
    """Start a scheduled broadcast whose time has come; ask for a confirmation when it came too long ago."""
    row = _locked(broadcast)
    if row.status != Status.SCHEDULED or row.needs_confirmation or row.scheduled_at is None:
        return False
    now, first = timezone.now(), row.scheduled_at - (EARLIEST_ZONE if row.is_local_time else timedelta(0))
    if now < first:
        return False
    if now > row.scheduled_at + timedelta(minutes=settings.BROADCAST_GRACE_MINUTES):
        row.needs_confirmation = True
        row.save(update_fields=["needs_confirmation"])
        return False
    count = recipients.reach(recipients.chosen(row)).recipients
    _begin(row, count)
    row.save(update_fields=["status", "conditions", "audience_size", "started_at", "needs_confirmation"])
    return True


def _begin(row: Broadcast, count: int) -> None:
    content.keep_files(row)
    row.conditions = recipients.chosen(row)
    row.audience_size, row.started_at = count, timezone.now()
    row.status, row.needs_confirmation = Status.SENDING, False


def _check(row: Broadcast, confirmed: int | None) -> recipients.Reach:
    content.check(row)
    reach = recipients.reach(recipients.chosen(row))
    if not reach.recipients:
        raise NobodyToTell(title=row.title)
    if reach.recipients > settings.BROADCAST_CONFIRM_ABOVE and confirmed != reach.recipients:
        raise ConfirmationNeeded(title=row.title, count=reach.recipients)
    return reach


def _require_open(row: Broadcast) -> None:
    if not row.is_open:
        raise NotADraft(title=row.title, status=row.get_status_display())


def _locked(broadcast: Broadcast) -> Broadcast:
    rows = Broadcast.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("segment").get(pk=broadcast.pk)


def _keep(broadcast: Broadcast, row: Broadcast, *names: str) -> None:
    row.save(update_fields=names)
    for name in names:
        setattr(broadcast, name, getattr(row, name))


def _chat_with(person: TelegramUser | None) -> Dialog | None:
    private = Dialog.objects.filter(person=person, type=Dialog.Type.PRIVATE, business_connection_id="")
    return private.order_by("pk").first() if person else None
