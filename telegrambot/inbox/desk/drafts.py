"""The life of a draft: proposed, then approved, rejected or superseded; approved, then sent or failed.

The draft's row lock decides who comes first; the program needs no other. What an approval sends is one queued
message with a key of its own, which the sender drops when the person has written since.
"""

from __future__ import annotations

import logging
from difflib import SequenceMatcher

from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from audit.services import record
from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import history
from telegrambot.engine.models import Dialog
from telegrambot.engine.splitting import length
from telegrambot.inbox import answering, services
from telegrambot.inbox.desk import cards, queueing, superseding, transcript, trust
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.desk.conversation_context import Batch
from telegrambot.inbox.desk.exceptions import (
    DecidedAlready,
    DraftNotFound,
    NothingToSend,
    Outdated,
    ReplyTooLong,
    SettledAlready,
    StillUndelivered,
)
from telegrambot.inbox.drafting.drafts import Drafted
from telegrambot.inbox.models import AutomaticTopic, Conversation, DraftReply

logger = logging.getLogger(__name__)

Status = DraftReply.Status

# In Telegram's units: what is sent must be one message.
MAX_REPLY = 4000


def find(draft_id: int) -> DraftReply:
    """Return a draft with its chat and its person.

    Raises:
        DraftNotFound: it was erased meanwhile.
    """
    rows = DraftReply.objects.select_related("dialog__person", "decided_by", "prompt", "operator")
    found = rows.filter(pk=draft_id).first()
    if found is None:
        raise DraftNotFound
    return found


@transaction.atomic
def propose(
    dialog_id: int, batch: Batch, choice: Choice, drafted: Drafted, *, took_ms: int
) -> DraftReply | None:
    """Keep what a model wrote, show it to operators, or send it if that was earned.

    Returns:
        The draft; None when none is needed any more, the chat was erased, or the person has written
        meanwhile: then another one is asked for.

    Raises:
        StillUndelivered: an answer approved before may or may not have arrived.
    """
    rows = Dialog.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    dialog = rows.filter(pk=dialog_id).first()
    conversation = _locked_conversation(dialog_id)
    if dialog is None or conversation is None or not _is_wanted(dialog, conversation, batch):
        return None
    if _newest_if_unchanged(dialog.pk, batch.last_message_id) is None:
        queueing.ask(dialog.pk)
        return None
    superseding.supersede(dialog)
    if DraftReply.objects.filter(dialog=dialog, status=Status.APPROVED).exists():
        raise StillUndelivered
    reference = drafted.excerpts[0].reference if drafted.excerpts else ""
    draft = DraftReply.objects.create(
        dialog=dialog,
        last_message_id=batch.last_message_id,
        last_message_timestamp=batch.last_message_timestamp,
        suggested_response=drafted.text,
        provider=choice.provider,
        model_name=drafted.model[:100],
        prompt=choice.prompt,
        operator=choice.operator,
        made_from={
            "messages": list(batch.message_ids[-drafted.line_count :]),
            "sources": [
                {"title": excerpt.title, "url": excerpt.url, "reference": excerpt.reference}
                for excerpt in drafted.excerpts
            ],
            "examples": drafted.example_count,
            "has_summary": drafted.has_summary,
            "rules": drafted.prompt_version,
        },
        topic=reference[:100],
        tokens_in=drafted.spent.tokens_in,
        tokens_out=drafted.spent.tokens_out,
        cost=drafted.spent.cost,
        drafting_ms=took_ms,
    )
    Dialog.objects.filter(pk=dialog.pk).update(last_processed_message_id=batch.last_message_id)
    if trust.may_go_alone(draft, dialog):
        try:
            with transaction.atomic():
                return _send(draft, conversation, actor=None, is_automatic=True)
        except DomainError:
            logger.info("Draft %s waits for a person: it cannot be sent now", draft.pk)
            draft.refresh_from_db()
    cards.show(draft)
    return draft


def approve(draft: DraftReply, *, text: str | None = None, actor: TelegramUser | None) -> DraftReply:
    """Send a draft as it is, or in the operator's own wording. The first decision wins.

    Args:
        text: plain text; None: as the model wrote it.

    Raises:
        DecidedAlready, SettledAlready: somebody was faster, or the person was.
        Outdated: the person has written since; another draft is asked for.
        NothingToSend, ReplyTooLong: the wording cannot be sent.
        DraftNotFound: it was erased meanwhile.
    """
    try:
        return _approve(draft, text, actor)
    except Outdated:
        # Nobody else may have: a message that a view has answered takes no draft back.
        queueing.ask(draft.dialog_id, in_seconds=0, is_urgent=True)
        raise


@transaction.atomic
def _approve(draft: DraftReply, text: str | None, actor: TelegramUser | None) -> DraftReply:
    conversation = _locked_conversation(draft.dialog_id)
    row = _locked(draft)
    require_pending(row)
    if conversation is None:
        raise DraftNotFound
    if text is not None and text.strip() != row.suggested_response.strip():
        row.edited_response = text.strip()
    # Who has emptied the box does not mean the suggestion.
    if not (row.text if text is None else text).strip():
        raise NothingToSend
    if (units := length(escape(row.text))) > MAX_REPLY:
        raise ReplyTooLong(most=MAX_REPLY, length=units)
    return _send(row, conversation, actor=actor, is_automatic=False)


@transaction.atomic
def reject(draft: DraftReply, *, fault: str = "", reason: str = "", actor: TelegramUser | None) -> DraftReply:
    """Throw a draft away, and take back the trust by which its chat or topic may go alone.

    Raises:
        DecidedAlready, SettledAlready: somebody was faster, or the person was.
        DraftNotFound: it was erased meanwhile.
    """
    _locked_conversation(draft.dialog_id)
    row = _locked(draft)
    require_pending(row)
    row.status, row.fault, row.rejection_reason = Status.REJECTED, fault, reason.strip()[:300]
    _decide(row, actor)
    Dialog.objects.filter(pk=row.dialog_id, auto_send_enabled=True).update(auto_send_enabled=False)
    AutomaticTopic.objects.filter(topic=row.topic, is_active=True).update(is_active=False)
    record("inbox.draft.rejected", row, details={"fault": fault})
    cards.refresh(row)
    return row


@transaction.atomic
def redraft(dialog: Dialog, *, actor: TelegramUser | None) -> None:
    """Throw the open draft of a chat away and have another one made at once.

    Raises:
        StillUndelivered: an answer approved before may or may not have arrived.
    """
    # Before its draft, as whoever handles a message locks them.
    Dialog.objects.select_for_update(no_key=True).filter(pk=dialog.pk).first()
    if DraftReply.objects.filter(dialog=dialog, status=Status.APPROVED).exists():
        raise StillUndelivered
    superseding.supersede(dialog)
    # Else the question would count as one that has had its draft.
    Dialog.objects.filter(pk=dialog.pk).update(last_processed_message_id=None)
    queueing.ask(dialog.pk, in_seconds=0, is_urgent=True)


def _send(
    row: DraftReply, conversation: Conversation, *, actor: TelegramUser | None, is_automatic: bool
) -> DraftReply:
    newest = _newest_if_unchanged(row.dialog_id, row.last_message_id)
    if newest is None:
        raise Outdated
    queued = answering.answer(
        conversation,
        escape(row.text),
        key=f"draft:{row.pk}",
        expects_last_inbound=newest,
        actor=actor,
    )
    row.status, row.is_automatic = Status.APPROVED, is_automatic
    row.edit_share, row.message_id = _edit_share(row), queued[0]
    _decide(row, actor)
    record("inbox.draft.sent_alone" if is_automatic else "inbox.draft.approved", row)
    cards.refresh(row)
    return row


def _is_wanted(dialog: Dialog, conversation: Conversation, batch: Batch) -> bool:
    """Whether the person still waits for it: somebody may have answered while the model was writing."""
    return (
        conversation.is_active
        and conversation.waiting_since is not None
        and dialog.is_processing_enabled
        and dialog.last_processed_message_id != batch.last_message_id
    )


def _newest_if_unchanged(dialog_id: int, since: int) -> int | None:
    """The key of the newest inbound message; None when the person has said something (no command) `since`."""
    newest = history.last_inbound(dialog_id) or since
    said = transcript.asking(dialog_id).filter(pk__gt=since, pk__lte=newest)
    return None if said.exists() else newest


def _decide(row: DraftReply, actor: TelegramUser | None) -> None:
    row.decided_by, row.decided_at = actor, timezone.now()
    if row.status == Status.REJECTED:
        superseding.forget_text(row)
    row.save()


def _edit_share(row: DraftReply) -> float:
    if not row.edited_response:
        return 0.0
    same = SequenceMatcher(None, row.suggested_response, row.edited_response, autojunk=False).ratio()
    return round(1 - same, 3)


def _locked_conversation(dialog_id: int) -> Conversation | None:
    """The chat's latest conversation, locked before its draft, as it is when a new message is handled."""
    found = Conversation.objects.filter(dialog=dialog_id).order_by("-is_active", "-pk").first()
    return services.locked(found) if found is not None else None


def _locked(draft: DraftReply) -> DraftReply:
    rows = DraftReply.objects.select_for_update(no_key=True, of=("self",))
    # Not joined with who decided: after waiting for the lock the join would still show nobody.
    found = rows.select_related("dialog__person").filter(pk=draft.pk).first()
    if found is None:
        raise DraftNotFound
    return found


def require_pending(row: DraftReply) -> None:
    """Refuse what somebody has decided about already.

    Raises:
        DecidedAlready, SettledAlready: it is no longer open.
    """
    if row.status == Status.PENDING_APPROVAL:
        return
    if row.decided_by is not None:
        raise DecidedAlready(name=row.decided_by, status=row.get_status_display())
    raise SettledAlready(status=row.get_status_display())
