"""What operators decide about copies that were sent: try the failed ones again, take back, correct.

Each function is one transaction under the broadcast's row lock; twice is once. What it takes in messages is
made by rounds (fan_out, amendments), at the pace of the sender.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import content, ledger, recipients, services, withdrawals
from telegrambot.broadcasts.exceptions import (
    AlreadyRecalled,
    NothingChanged,
    NothingToRetry,
    NothingToSay,
    NotStarted,
    PauseFirst,
    TooOldToRecall,
)
from telegrambot.broadcasts.markup import is_blank
from telegrambot.broadcasts.models import Broadcast, FollowUp
from telegrambot.engine.models import Message, Priority

Status = Broadcast.Status

# https://core.telegram.org/bots/api#deletemessage
RECALLABLE_FOR = timedelta(hours=48)


@transaction.atomic
def retry_failed(broadcast: Broadcast, *, actor: TelegramUser | None) -> int:
    """Send it again to those whose copy failed and who can be reached now.

    Their copies are made anew, under the same unique keys: everybody stays in the ledger once. What may have
    arrived (uncertain) is left alone, and so are people who blocked the bot or opted out.

    Returns:
        How many people get another try.

    Raises:
        NotStarted: nobody was sent anything yet.
        AlreadyRecalled: it was taken back.
        NothingToRetry: no copy failed that could be sent now.
    """
    row = services.locked(broadcast)
    _require_started(row)
    _require_kept(row)
    if row.status == Status.CANCELLED:
        raise NothingToRetry(title=row.title)
    count = withdrawals.make_anew(row, retryable(row), [Message.Status.FAILED])
    if not count:
        raise NothingToRetry(title=row.title)
    if row.status == Status.FAILED and row.fanned_out_at is None:
        # It was stopped half-way: these people get another try, nobody was asked about all the others.
        row.fanned_out_at = timezone.now()
    if row.status != Status.PAUSED:
        row.status, row.sent_at, row.problem = Status.SENDING, None, ""
    services.keep(broadcast, row, "status", "sent_at", "problem", "fanned_out_at")
    return count


def retryable(broadcast: Broadcast) -> QuerySet[Message]:
    """The failed copies of people who can be reached now."""
    return ledger.undelivered(broadcast).filter(
        status=Message.Status.FAILED, person__in=recipients.reachable({}).values("pk")
    )


@transaction.atomic
def recall(broadcast: Broadcast, *, actor: TelegramUser | None) -> int:
    """Delete the copies from people's chats, as far as Telegram still allows it; what runs is cancelled.

    Returns:
        How many copies are young enough now.

    Raises:
        NotStarted: nobody got it yet.
        AlreadyRecalled: somebody did this before.
        TooOldToRecall: all copies are older than 48 hours.
    """
    row = services.locked(broadcast)
    _require_started(row)
    _require_kept(row)
    received = ledger.copies(row).filter(status__in=ledger.RECEIVED)
    count = recallable(row).count()
    is_under_way = ledger.copies(row).filter(status=Message.Status.SENDING).exists()
    if not count and not is_under_way:
        raise (TooOldToRecall if received.exists() else NotStarted)(
            title=row.title, status=row.get_status_display()
        )
    if row.is_running:
        services.cancel(row, actor=actor)
    _drop_corrections(row)
    FollowUp.objects.create(broadcast=row, kind=FollowUp.Kind.RECALL, created_by=actor)
    services.keep(broadcast, row)
    return count


def recallable(broadcast: Broadcast) -> QuerySet[Message]:
    """The copies that Telegram lets us delete."""
    youngest = timezone.now() - RECALLABLE_FOR
    return ledger.copies(broadcast).filter(status__in=ledger.RECEIVED, timestamp__gte=youngest)


@transaction.atomic
def correct(broadcast: Broadcast, text: str, *, actor: TelegramUser | None) -> int:
    """Give it another text: copies that people have are edited, all others say the new one from the start.

    Returns:
        How many people have it with the old text.

    Raises:
        NotStarted: nobody got it yet.
        PauseFirst: it is being sent.
        AlreadyRecalled: it was taken back.
        NothingChanged: that is its text.
        NothingToSay: the text is empty.
        ValidationError: it is no Telegram HTML, or too long.
    """
    row = services.locked(broadcast)
    _require_started(row)
    _require_kept(row)
    if row.status == Status.SENDING:
        raise PauseFirst(title=row.title)
    if text == row.message_text:
        raise NothingChanged(title=row.title)
    if is_blank(text) and row.message_type == Broadcast.Type.TEXT:
        raise NothingToSay(title=row.title)
    content.check_text(row, text)
    count = ledger.copies(row).filter(status__in=ledger.RECEIVED).count()
    if not count and not row.is_running:
        raise NotStarted(title=row.title, status=row.get_status_display())
    _drop_corrections(row)
    row.message_text = text
    FollowUp.objects.create(
        broadcast=row,
        kind=FollowUp.Kind.CORRECTION,
        revision=row.follow_ups.filter(kind=FollowUp.Kind.CORRECTION).count() + 1,
        created_by=actor,
    )
    services.keep(broadcast, row, "message_text")
    return count


def _require_started(row: Broadcast) -> None:
    if row.is_open:
        raise NotStarted(title=row.title, status=row.get_status_display())


def _require_kept(row: Broadcast) -> None:
    if row.follow_ups.filter(kind=FollowUp.Kind.RECALL).exists():
        raise AlreadyRecalled(title=row.title)


def _drop_corrections(row: Broadcast) -> None:
    """Corrections not carried out yet give way to what is decided now."""
    row.follow_ups.filter(finished_at=None).update(finished_at=timezone.now())
    Message.objects.filter(
        origin=f"{FollowUp.Kind.CORRECTION}:{row.pk}",
        priority=Priority.BROADCAST,
        status=Message.Status.QUEUED,
    ).update(status=Message.Status.CANCELLED, error="It was corrected again, or taken back.")
