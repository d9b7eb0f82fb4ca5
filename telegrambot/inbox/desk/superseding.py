"""A draft is taken back when it answers what is no longer the last word."""

from __future__ import annotations

from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox.desk import cards, queueing
from telegrambot.inbox.models import DraftReply, HeldText

Status = DraftReply.Status


def follow(dialog: Dialog, said: Message | None, text: str) -> None:
    """Follow a message that waits for an answer; in the transaction that handles it, its chat locked.

    Args:
        said: its line of history; None: not known.
        text: what the person wrote; of a chat without history it is held, encrypted, until it is answered.
    """
    # A draft may have been made of it already: it was stored before it is handled here.
    supersede(dialog, said.pk if said is not None else None)
    if not dialog.is_processing_enabled:
        return
    if not dialog.keep_history and said is not None and text:
        HeldText.objects.get_or_create(message=said, defaults={"dialog": dialog, "text": text})
    queueing.ask(dialog.pk)


def answered_by_hand(dialog: Dialog) -> None:
    """Note that somebody has answered without a draft: none is needed for what was said until now."""
    supersede(dialog)
    if dialog.is_processing_enabled:
        HeldText.objects.filter(dialog=dialog).delete()


def answered_in_telegram(dialog: Dialog) -> None:
    """Note that a business account's owner has answered: what was approved meanwhile does not leave."""
    approved = DraftReply.objects.filter(dialog=dialog, status=Status.APPROVED).values("message")
    Message.objects.filter(pk__in=approved, status=Message.Status.QUEUED).update(
        status=Message.Status.CANCELLED, error="The owner of the account has answered."
    )
    answered_by_hand(dialog)


def supersede(dialog: Dialog, before: int | None = None) -> int:
    """Take back a chat's draft that waits for approval; returns how many there were.

    Args:
        before: only if it does not know the message of this key; None: in any case.
    """
    pending = DraftReply.objects.filter(dialog=dialog, status=Status.PENDING_APPROVAL)
    if before is not None:
        pending = pending.filter(last_message_id__lt=before)
    found = list(pending.select_for_update(no_key=True, of=("self",)).select_related("dialog__person"))
    for row in found:
        row.status = Status.SUPERSEDED
        forget_text(row)
        row.save(update_fields=["status", "suggested_response", "edited_response", "rejection_reason"])
        cards.refresh(row)
    return len(found)


def forget_text(row: DraftReply) -> None:
    """Of a chat without history nothing is kept that is not needed any more; the caller saves."""
    if not row.dialog.keep_history:
        row.suggested_response = row.edited_response = row.rejection_reason = ""
