"""What people change or take back of what they said: a draft must answer what stands there now."""

from __future__ import annotations

from telegrambot.engine.chat import Overheard, overheard
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox import business, services
from telegrambot.inbox.desk import queueing, superseding
from telegrambot.inbox.models import Conversation, DraftReply, HeldText

_EDITS = frozenset({"edited_message", "edited_business_message"})


@overheard
def follow_edit(heard: Overheard) -> None:
    """Draft anew when somebody changes what nobody has answered yet."""
    dialog = heard.dialog
    if heard.kind not in _EDITS or dialog.type != Dialog.Type.PRIVATE or not _waits(dialog):
        return
    is_theirs = str((heard.body.get("from") or {}).get("id")) == dialog.telegram_dialog_id
    if not is_theirs or (dialog.business_connection_id and not business.is_served(dialog)):
        return
    text = heard.body.get("text") or heard.body.get("caption") or ""
    if text.startswith("/"):
        return
    changes = Message.objects.filter(dialog=dialog, origin=f"update:{heard.update_key}")
    change = changes.select_related("target").first()
    if change is None:
        return
    superseding.supersede(dialog, before=change.pk)
    said = change.target or change
    # In a chat without history the first wording is held; it is not wanted any more.
    HeldText.objects.filter(message=said).delete()
    superseding.follow(dialog, said, text)


@overheard
def follow_deletion(heard: Overheard) -> None:
    """Take a draft back when what it answers is deleted; with nothing left to answer nobody waits."""
    if heard.kind != "deleted_business_messages":
        return
    dialog = heard.dialog
    gone = set(
        Message.objects.filter(
            dialog=dialog,
            origin=f"update:{heard.update_key}",
            operation=Message.Operation.DELETE,
            target__direction=Message.Direction.INBOUND,
        ).values_list("target_id", flat=True)
    )
    if not gone or not _waits(dialog):
        return
    HeldText.objects.filter(message__in=gone).delete()
    is_left = services.forget_deleted(dialog)
    if not is_left or _is_answered_by_draft(dialog, gone):
        superseding.supersede(dialog)
        if is_left and dialog.is_processing_enabled:
            # The newest message that is left may have had its draft.
            Dialog.objects.filter(pk=dialog.pk).update(last_processed_message_id=None)
            queueing.ask(dialog.pk)


def _waits(dialog: Dialog) -> bool:
    return Conversation.objects.filter(dialog=dialog, is_active=True, waiting_since__isnull=False).exists()


def _is_answered_by_draft(dialog: Dialog, gone: set[int]) -> bool:
    found = DraftReply.objects.filter(dialog=dialog, status=DraftReply.Status.PENDING_APPROVAL)
    return any(
        gone.intersection([draft.last_message_id, *draft.made_from.get("messages", [])])
        for draft in found.only("last_message_id", "made_from")
    )
