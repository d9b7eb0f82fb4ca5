"""When an answer may go out without a person: allowed, earned, within limits, and never twice in a row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.engine.models import Dialog
from telegrambot.inbox.models import AutomaticTopic, DraftReply
from telegrambot.vault import settings_store

_DECIDED = (DraftReply.Status.REJECTED, DraftReply.Status.SENT, DraftReply.Status.APPROVED)


def may_go_alone(draft: DraftReply, dialog: Dialog) -> bool:
    """Whether a fresh draft may be approved by the program itself."""
    if not settings_store.get("drafting.automatic", bool):
        return False
    is_allowed = (dialog.auto_send_enabled and has_earned(of_dialog(dialog))) or (
        bool(draft.topic)
        and AutomaticTopic.objects.filter(topic=draft.topic, is_active=True).exists()
        and has_earned(of_topic(draft.topic))
    )
    return is_allowed and not _was_last(dialog) and _is_within_caps(dialog) and not _is_night()


def earned(drafts: QuerySet[DraftReply]) -> int:
    """How many of the latest decisions in a row approved a draft with small edits, up to what is needed."""
    needed = settings_store.get("drafting.approvals_needed", int)
    most_edited = settings_store.get("drafting.small_edit", float)
    count = 0
    for draft in drafts.filter(is_automatic=False, status__in=_DECIDED).order_by("-pk")[:needed]:
        if draft.status == DraftReply.Status.REJECTED or (draft.edit_share or 0) > most_edited:
            break
        count += 1
    return count


def earned_in(dialogs: Iterable[int]) -> dict[int, int]:
    """What `earned` says of each of these chats, in one query; chats that have earned nothing are left out.

    A chat whose last decision of any kind was a rejection has earned nothing.
    """
    needed = settings_store.get("drafting.approvals_needed", int)
    most_edited = settings_store.get("drafting.small_edit", float)
    newest_first = Window(RowNumber(), partition_by=F("dialog"), order_by=F("pk").desc())
    decided = DraftReply.objects.filter(dialog__in=list(dialogs), status__in=_DECIDED)
    # Never twice in a row without a person: at most every other one was automatic.
    rows = decided.annotate(place=newest_first).filter(place__lte=2 * needed + 1).order_by("dialog", "place")
    counts: dict[int, int] = {}
    ended: set[int] = set()
    for draft in rows.only("dialog_id", "status", "edit_share", "is_automatic"):
        is_rejected = draft.status == DraftReply.Status.REJECTED
        is_good = not is_rejected and (draft.edit_share or 0) <= most_edited
        if draft.is_automatic:
            if is_rejected and draft.place == 1:
                ended.add(draft.dialog_id)
        elif not is_good:
            ended.add(draft.dialog_id)
        elif draft.dialog_id not in ended and counts.get(draft.dialog_id, 0) < needed:
            counts[draft.dialog_id] = counts.get(draft.dialog_id, 0) + 1
    return counts


def has_earned(drafts: QuerySet[DraftReply]) -> bool:
    """Whether enough drafts in a row were good."""
    return earned(drafts) >= settings_store.get("drafting.approvals_needed", int) and not _fell(drafts)


def of_dialog(dialog: Dialog) -> QuerySet[DraftReply]:
    """The drafts by which a chat earns trust."""
    return DraftReply.objects.filter(dialog=dialog)


def of_topic(topic: str) -> QuerySet[DraftReply]:
    """The drafts by which a topic earns trust."""
    return DraftReply.objects.filter(topic=topic)


def _fell(drafts: QuerySet[DraftReply]) -> bool:
    """Whether the last decision of any kind was a rejection (also of one that had gone out alone)."""
    last = drafts.filter(status__in=_DECIDED).order_by("-pk").values_list("status", flat=True).first()
    return last == DraftReply.Status.REJECTED


def _was_last(dialog: Dialog) -> bool:
    """Whether the chat's last answer went out alone: then a person looks at the next one."""
    last = DraftReply.objects.filter(dialog=dialog, status__in=_DECIDED).order_by("-pk").first()
    return last is not None and last.is_automatic


def _is_within_caps(dialog: Dialog) -> bool:
    since = timezone.now() - timedelta(days=1)
    today = DraftReply.objects.filter(is_automatic=True, decided_at__gte=since)
    if today.filter(dialog=dialog).count() >= settings_store.get("drafting.automatic_per_dialog", int):
        return False
    return today.count() < settings_store.get("drafting.automatic_per_day", int)


def _is_night() -> bool:
    hours = settings_store.get("drafting.quiet_hours", str)
    now = timezone.now()
    return bool(hours) and QuietHours.parse(hours).end_after(now, timezone.get_default_timezone()) > now
