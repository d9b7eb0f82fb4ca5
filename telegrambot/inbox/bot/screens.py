"""A conversation on one screen: who it is, what was said last, what operators noted, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, escape
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox import notes, presence, services
from telegrambot.inbox.answering import author_of, problem_of
from telegrambot.inbox.models import Conversation, Note

SHOWN_MESSAGES, SHOWN_NOTES = 8, 3
MAX_LINE, MAX_QUOTE = 280, 600
_MARKS = {
    Message.Status.QUEUED: "🕓",
    Message.Status.SENDING: "🕓",
    Message.Status.FAILED: "✕",
    Message.Status.UNCERTAIN: "?",
    Message.Status.CANCELLED: "⊘",
}


# ── Views ─────────────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="inbox")
def show(request: ChatRequest, conversation_id: int) -> Reply:
    """Open a conversation; whoever opens it has read it."""
    return screen(services.find(conversation_id), request.person)


@button(role=Role.ADMIN, command="inbox")
def take(request: ChatRequest, conversation_id: int) -> Reply:
    """Assign it to whoever pressed."""
    found = services.find(conversation_id)
    services.assign(found, request.person, actor=request.person)
    return screen(services.find(conversation_id), request.person, toast=_("It is yours now."))


@button(role=Role.ADMIN, command="inbox")
def release(request: ChatRequest, conversation_id: int) -> Reply:
    """Assign it to nobody."""
    services.assign(services.find(conversation_id), None, actor=request.person)
    return screen(services.find(conversation_id), request.person, toast=_("It is nobody's now."))


@button(role=Role.ADMIN, command="inbox")
def close(request: ChatRequest, conversation_id: int) -> Reply:
    """Close it."""
    services.close(services.find(conversation_id), actor=request.person)
    return screen(services.find(conversation_id), request.person, toast=_("Closed."))


@button(role=Role.ADMIN, command="inbox")
def reopen(request: ChatRequest, conversation_id: int) -> Reply:
    """Open it again."""
    services.reopen(services.find(conversation_id), actor=request.person)
    return screen(services.find(conversation_id), request.person, toast=_("It is open again."))


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def screen(conversation: Conversation, reader: TelegramUser, *, toast: str = "", new: bool = False) -> Reply:
    """The screen of a conversation; it counts as read."""
    said = _last_messages(conversation)
    # Not the last one's: an answer has the time at which it left, a question that of Telegram's whole second.
    seen_up_to = max((message.pk for message in said), default=0)
    services.mark_read(conversation, up_to=seen_up_to, actor=reader)
    others = presence.beat(conversation, actor=reader)
    parts = [
        f"<b>{heading(conversation.dialog)}</b>\n{_state(conversation)}",
        _("👀 {names} also looks at this.").format(names=escape(", ".join(one.name for one in others)))
        if others
        else "",
        "\n".join(_line(message, is_kept=conversation.dialog.keep_history) for message in said),
        "\n".join(map(_note_line, _last_notes(conversation))),
    ]
    return Reply(
        "\n\n".join(filter(None, parts)),
        _buttons(conversation, reader, seen_up_to=seen_up_to),
        toast=toast,
        new=new,
        leaves=True,
        about=conversation.dialog.person_id,
    )


def notice_buttons(conversation: Conversation, *, is_assigned: bool = False) -> list[list[Button]]:
    """What can be done from a notice."""
    row = [Button(_("Open"), show, conversation.pk)]
    return [row if is_assigned else [*row, Button(_("Assign to me"), take, conversation.pk)]]


def heading(dialog: Dialog) -> str:
    """Who it is: Telegram HTML."""
    if dialog.person is None or dialog.type != Dialog.Type.PRIVATE:
        return escape(str(dialog))
    username = f" (@{dialog.person.username})" if dialog.person.username else ""
    return escape(f"{dialog.person}{username}")


def quotation(dialog: Dialog, said: Message | None) -> str:
    """What a person said, as a quotation: Telegram HTML. Of a chat without history nothing is quoted."""
    if said is None:
        return ""
    if not dialog.keep_history:
        return f"<i>{_('This chat keeps no history, so nothing is quoted.')}</i>"
    return f"<blockquote>{_content(said, MAX_QUOTE)}</blockquote>"


def newer(conversation: Conversation) -> str:
    """How many messages are left to read: Telegram HTML; empty without any."""
    if not conversation.unread_count:
        return ""
    return ngettext(
        "{count} newer message waits.", "{count} newer messages wait.", conversation.unread_count
    ).format(count=conversation.unread_count)


def ago(moment: datetime) -> str:
    """How long ago something was, roughly."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return str(timesince(moment, depth=1))


def _state(conversation: Conversation) -> str:
    if not conversation.is_active:
        parts = [_("closed")]
    elif conversation.waiting_since is not None:
        parts = [_("waiting: {time}").format(time=ago(conversation.waiting_since))]
    else:
        parts = [_("answered")]
    if conversation.assigned_to is not None:
        parts.append(_("assigned to {name}").format(name=conversation.assigned_to))
    if conversation.dialog.business_connection_id:
        parts.append(_("business chat"))
    return escape(" · ".join(parts))


def _last_messages(conversation: Conversation) -> list[Message]:
    said = Message.objects.filter(dialog=conversation.dialog_id, operation=Message.Operation.SEND)
    return list(said.order_by("-timestamp", "-pk")[:SHOWN_MESSAGES])[::-1]


def _last_notes(conversation: Conversation) -> Sequence[Note]:
    return list(notes.of(conversation).reverse()[:SHOWN_NOTES])[::-1]


def _line(message: Message, *, is_kept: bool) -> str:
    is_ours = message.direction == Message.Direction.OUTBOUND
    side = ("👤" if author_of(message) else "🤖") if is_ours else "💬"
    clock = date_format(timezone.localtime(message.timestamp), "SHORT_DATETIME_FORMAT")
    mark = _MARKS.get(Message.Status(message.status), "") if is_ours else ""
    line = (
        f"{side} <i>{escape(clock)}</i> {mark}".rstrip() + f"\n{_content(message, MAX_LINE, is_kept=is_kept)}"
    )
    problem = problem_of(message) if is_ours else ""
    return f"{line}\n<i>{escape(problem)}</i>" if problem else line


def _content(message: Message, most: int, *, is_kept: bool = True) -> str:
    from telegrambot.engine.admin.presentation import message_type, readable

    kind = "" if message.message_type == "text" else f"[{message_type(message.message_type)}] "
    text = readable(message) if is_kept else ""
    return escape(f"{kind}{text if len(text) <= most else text[: most - 1] + '…'}".strip() or "–")


def _note_line(note: Note) -> str:
    author = str(note.author) if note.author else _("somebody")
    text = note.text if len(note.text) <= MAX_LINE else note.text[: MAX_LINE - 1] + "…"
    return f"📝 <i>{escape(author)}:</i> {escape(text)}"


def _buttons(conversation: Conversation, reader: TelegramUser, *, seen_up_to: int) -> list[list[Button]]:
    # They lead back here.
    from telegrambot.inbox.bot import auto, listing, speaking, undecided

    key, rows = conversation.pk, undecided.of_chat(conversation.dialog_id)
    rows.append(
        [
            Button(_("✏️ Answer"), speaking.ask_answer, key, seen_up_to),
            Button(_("💾 Saved replies"), speaking.offer_saved, key, seen_up_to),
        ]
    )
    if conversation.assigned_to_id == reader.pk:
        assign = [Button(_("Not mine"), release, key)]
    else:
        assign = [Button(_("Assign to me"), take, key)]
    rows.append([*assign, Button(_("👉 Hand over"), speaking.choose_operator, key)])
    close_or_open = (_("✅ Close"), close) if conversation.is_active else (_("Open again"), reopen)
    rows.append([Button(_("📝 Note"), speaking.ask_note, key), Button(*close_or_open, key)])
    if conversation.dialog.type == Dialog.Type.PRIVATE:
        label = _("🤖 Drafts: on") if conversation.dialog.is_processing_enabled else _("🤖 Drafts: off")
        rows.append([Button(label, auto.show_chat, conversation.dialog_id)])
    rows.append([Button(_("🔄 Refresh"), show, key), Button(_("‹ Inbox"), listing.waiting)])
    return rows
