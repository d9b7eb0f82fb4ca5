"""What operators decide about drafts from their chat. The first decision wins; who was first is said."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape, reply_to
from telegrambot.inbox import services
from telegrambot.inbox.bot import screens, speaking
from telegrambot.inbox.bot.said import said_in
from telegrambot.inbox.desk import cards, drafts
from telegrambot.inbox.desk.exceptions import (
    DecidedAlready,
    DraftNotFound,
    KeepsNoHistory,
    Outdated,
    SettledAlready,
    TextNeeded,
)
from telegrambot.inbox.models import Conversation, DraftReply

_FAULTS = [fault for fault in DraftReply.Fault if fault]
# After these there is nothing left to decide: the operator's next message is a message like any other.
_OVER = (DecidedAlready, SettledAlready, Outdated, KeepsNoHistory)


@button(role=Role.ADMIN, command="inbox")
def show_draft(request: ChatRequest, draft_id: int) -> Reply:
    """Show the card, as it is now."""
    reply = cards.card(drafts.find(draft_id))
    reply.leaves = True
    return reply


@button(role=Role.ADMIN, command="inbox")
def approve(request: ChatRequest, draft_id: int) -> Reply:
    """Send it as the model wrote it."""
    try:
        return cards.card(drafts.approve(_open(draft_id), actor=request.person))
    except Outdated as refusal:
        # An error that leaves a view takes back what it wrote: also that another draft was asked for.
        return Reply(alert=str(refusal))


@button(role=Role.ADMIN, command="inbox")
def ask_wording(request: ChatRequest, draft_id: int) -> Reply:
    """Take the next message as the answer."""
    draft = _open(draft_id)
    ask = _("Please write the answer; your next message goes to {name}. /cancel leaves it as it is.")
    return Reply(
        f"{ask.format(name=screens.heading(draft.dialog))}\n\n<code>{escape(draft.text)}</code>",
        ask=send_wording,
        data={"draft": draft.pk},
        new=True,
        about=draft.dialog.person_id,
    )


@answer(role=Role.ADMIN, command="inbox", takes_files=True)
def send_wording(request: ChatRequest) -> Reply:
    """Send the operator's own wording."""
    return _worded(request, int(request.data["draft"]), ask=send_wording)


@reply_to(cards.ORIGIN, role=Role.ADMIN, command="inbox")
def reply_to_card(request: ChatRequest, about: str) -> Reply:
    """Send what the operator replied to a card."""
    return _worded(request, int(about))


def _worded(request: ChatRequest, draft_id: int, *, ask: speaking.View | None = None) -> Reply:
    def approved(draft: DraftReply) -> Reply:
        drafts.approve(draft, text=_text(request), actor=request.person)
        text = _("📤 On its way to {name}.").format(name=screens.heading(draft.dialog))
        look = Button(_("💬 Open the chat"), open_chat, draft.pk)
        return Reply(text, [[look]], leaves=True, about=draft.dialog.person_id)

    return _typed(request, draft_id, approved, ask)


@button(role=Role.ADMIN, command="inbox")
def ask_fault(request: ChatRequest, draft_id: int) -> Reply:
    """Ask what is wrong with it: one of the usual faults, or a reason in words."""
    draft = _open(draft_id)
    shown = cards.card(draft)
    ask = _("What is wrong with it? Choose, or tell me in your own words. /cancel keeps the draft.")
    rows = [[Button(fault.label, reject, draft.pk, fault.value)] for fault in _FAULTS]
    rows.append([Button(_("Just reject"), reject, draft.pk), Button(_("‹ Back"), show_draft, draft.pk)])
    return Reply(
        f"{shown.text}\n\n{ask}",
        rows,
        ask=hear_fault,
        data={"draft": draft.pk},
        about=draft.dialog.person_id,
    )


@button(role=Role.ADMIN, command="inbox")
def reject(request: ChatRequest, draft_id: int, fault: str = "") -> Reply:
    """Throw it away."""
    known = fault if fault in DraftReply.Fault.values else ""
    reply = cards.card(drafts.reject(_open(draft_id), fault=known, actor=request.person))
    reply.leaves = True
    return reply


@answer(role=Role.ADMIN, command="inbox", takes_files=True)
def hear_fault(request: ChatRequest) -> Reply:
    """Throw it away for a reason in words."""

    def rejected(draft: DraftReply) -> Reply:
        reply = cards.card(drafts.reject(draft, reason=_text(request), actor=request.person))
        reply.leaves = True
        return reply

    return _typed(request, int(request.data["draft"]), rejected, hear_fault)


@button(role=Role.ADMIN, command="inbox")
def open_chat(request: ChatRequest, draft_id: int) -> Reply:
    """Show the conversation that a draft belongs to."""
    found = _conversation(drafts.find(draft_id))
    reply = screens.screen(services.find(found.pk), request.person)
    reply.new = True  # the card stays: it may still be decided
    return reply


def _open(draft_id: int) -> DraftReply:
    """The draft, if it can be decided from a chat.

    Raises:
        DraftNotFound, DecidedAlready, SettledAlready: there is nothing to decide.
        KeepsNoHistory: what its person said is shown in no chat.
    """
    draft = drafts.find(draft_id)
    _require_open(draft)
    return draft


def _require_open(draft: DraftReply) -> None:
    drafts.require_pending(draft)
    if not draft.dialog.keep_history:
        raise KeepsNoHistory


def _typed(
    request: ChatRequest, draft_id: int, decide: Callable[[DraftReply], Reply], ask: speaking.View | None
) -> Reply:
    """Decide as the operator typed, if there still is something to decide."""

    def decided(draft: DraftReply) -> Reply:
        try:
            _require_open(draft)
            return decide(draft)
        except _OVER as refusal:
            rows = [[Button(_("💬 Open the chat"), open_chat, draft_id)]]
            return Reply(escape(str(refusal)), rows, leaves=True, about=draft.dialog.person_id)

    return speaking.typed(request, lambda: drafts.find(draft_id), decided, ask=ask)


def _text(request: ChatRequest) -> str:
    """What the operator wrote: a caption would lose its picture.

    Raises:
        TextNeeded: it is something else than a text.
    """
    said = said_in(request)
    if not request.text.strip() or (said is not None and said.message_type != "text"):
        raise TextNeeded
    return request.text


def _conversation(draft: DraftReply) -> Conversation:
    found = Conversation.objects.filter(dialog=draft.dialog_id).order_by("-is_active", "-pk").first()
    if found is None:
        raise DraftNotFound
    return found
