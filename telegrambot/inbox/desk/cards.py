"""A draft as operators see it in their chat: a card with buttons, brought up to date when it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import outbox
from telegrambot.engine.chat import Button, Reply, escape
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.outbox import Draft
from telegrambot.inbox import business, notices
from telegrambot.inbox.models import Conversation, DraftCard, DraftReply
from telegrambot.vault import settings_store

ORIGIN = "draft-card:"
MAX_QUESTION, MAX_SHOWN, MAX_SOURCES = 600, 2500, 300

_MARKS = {
    DraftReply.Status.APPROVED: "📤",
    DraftReply.Status.SENT: "✅",
    DraftReply.Status.FAILED: "⚠️",
    DraftReply.Status.REJECTED: "❌",
    DraftReply.Status.SUPERSEDED: "⏭",
}


def show(draft: DraftReply) -> None:
    """Show a fresh draft to every operator on duty; inside the transaction that made it.

    Whoever has quiet hours gets it when they end, if it still waits then.
    """
    if not settings_store.get("drafting.notify", bool):
        return
    conversation = Conversation.objects.filter(dialog=draft.dialog_id, is_active=True).first()
    if conversation is None:
        return
    conversation.dialog = draft.dialog
    chats = [chat for chat in notices.on_duty(conversation) if _may_decide(chat)]
    written = _writer(draft)
    found: list[Draft] = []
    shown_to: dict[str | None, TelegramUser] = {}
    held: dict[datetime, list[str | None]] = {}
    for chat in chats:
        reply, origin = written(chat), _origin(draft)
        parts = outbox.drafts(reply, dialog_id=chat.pk, person_id=chat.person_id, origin=origin)
        for number, part in enumerate(parts):
            part.priority, part.expires_in = Priority.NOTICE, None
            part.dedupe_key = f"{origin}:{chat.pk}:{number}"
        found += parts
        assert chat.person is not None  # an operator's own chat
        shown_to[parts[-1].dedupe_key] = chat.person
        if (due := notices.end_of_quiet_hours(chat.person, notices.zone_of(chat.person))) is not None:
            held.setdefault(due, []).extend(part.dedupe_key for part in parts)
    queued = Message.objects.filter(pk__in=outbox.queue(found))
    for due, keys in held.items():
        queued.filter(dedupe_key__in=keys).update(not_before=due)
    DraftCard.objects.bulk_create(
        DraftCard(draft=draft, operator=shown_to[key], message_id=pk)
        for pk, key in queued.filter(dedupe_key__in=list(shown_to)).values_list("pk", "dedupe_key")
    )


def refresh(draft: DraftReply) -> None:
    """Bring every operator's card of a draft up to date: who decided what.

    A card that has not left yet never does.
    """
    shown = Message.objects.filter(pk__in=DraftCard.objects.filter(draft=draft).values("message"))
    shown.filter(status=Message.Status.QUEUED).update(status=Message.Status.CANCELLED)
    written = _writer(draft)
    found: list[Draft] = []
    there = shown.exclude(status__in=[Message.Status.CANCELLED, Message.Status.FAILED])
    for message in there.select_related("dialog__person").order_by("pk"):
        chat = message.dialog
        if not _may_decide(chat):
            continue
        edit = outbox.drafts(
            written(chat),
            dialog_id=chat.pk,
            person_id=chat.person_id,
            origin=_origin(draft),
            target_id=message.pk,
        )[0]
        edit.priority, edit.expires_in = Priority.NOTICE, None
        edit.dedupe_key = f"{_origin(draft)}:{chat.pk}:{draft.status}"
        found.append(edit)
    outbox.queue(found)


def card(draft: DraftReply) -> Reply:
    """The card in the language and time zone that are switched on."""
    from telegrambot.inbox.bot import screens

    dialog = draft.dialog
    who = screens.heading(dialog)
    if draft.status == DraftReply.Status.PENDING_APPROVAL:
        title = _("✍️ A draft for {name}").format(name=who)
    else:
        title = f"{_MARKS[DraftReply.Status(draft.status)]} {_state(draft, who)}"
    parts = [f"<b>{title}</b>"]
    if not dialog.keep_history:
        if draft.status == DraftReply.Status.PENDING_APPROVAL:
            text = _("This chat keeps no history: please decide at the reply desk in the browser.")
            parts.append(f"<i>{text}</i>")
    else:
        parts += [
            _question(draft),
            escape(_shortened(draft.text, MAX_SHOWN)),
            _small(_fault(draft)),
            _small(_sources(draft)),
        ]
        if draft.status == DraftReply.Status.PENDING_APPROVAL:
            parts.append(_small(_("Reply to this message to send your own words.")))
    parts += [_small(_problem(draft)), _small(_window(draft))]
    return Reply("\n\n".join(filter(None, parts)), _buttons(draft), about=dialog.person_id)


def _state(draft: DraftReply, who: str) -> str:
    by = escape(str(draft.decided_by)) if draft.decided_by else _("the bot itself")
    match draft.status:
        case DraftReply.Status.APPROVED:
            return _("Approved by {operator}, on its way to {name}").format(operator=by, name=who)
        case DraftReply.Status.SENT:
            return _("Sent to {name}, approved by {operator}").format(operator=by, name=who)
        case DraftReply.Status.FAILED:
            return _("Not delivered to {name}, approved by {operator}").format(operator=by, name=who)
        case DraftReply.Status.REJECTED:
            return _("Rejected by {operator}: {name} still waits").format(operator=by, name=who)
    return _("No longer needed: {name} has written again, or was answered").format(name=who)


def _question(draft: DraftReply) -> str:
    asked = Message.objects.filter(pk=draft.last_message_id).values_list("text", flat=True).first()
    return f"<blockquote>{escape(_shortened(asked, MAX_QUESTION))}</blockquote>" if asked else ""


def _sources(draft: DraftReply) -> str:
    titles: Iterable[str] = (source["title"] for source in draft.made_from.get("sources", []))
    named = ", ".join(dict.fromkeys(titles))
    return _("Made from: {sources}").format(sources=_shortened(named, MAX_SOURCES)) if named else ""


def _fault(draft: DraftReply) -> str:
    if draft.status != DraftReply.Status.REJECTED:
        return ""
    said = [draft.get_fault_display() if draft.fault else "", draft.rejection_reason]
    return " · ".join(map(str, filter(None, said)))


def _problem(draft: DraftReply) -> str:
    """Why it did not arrive."""
    from telegrambot.inbox.answering import problem_of  # it takes drafts back, which shows on their cards

    if draft.status != DraftReply.Status.FAILED or draft.message is None:
        return ""
    return problem_of(draft.message)


def _window(draft: DraftReply) -> str:
    """Until when an answer can leave: a business chat closes."""
    if not draft.dialog.business_connection_id or draft.status != DraftReply.Status.PENDING_APPROVAL:
        return ""
    until = business.answerable_until(draft.last_message_timestamp)
    if until <= timezone.now():
        return _("⏳ Telegram takes no answer here any more: the last message is older than a day.")
    clock = date_format(timezone.localtime(until), "SHORT_DATETIME_FORMAT")
    return _("⏳ Telegram takes an answer until {time}.").format(time=clock)


def _buttons(draft: DraftReply) -> list[list[Button]]:
    from telegrambot.inbox.bot import deciding

    look = Button(_("💬 Open the chat"), deciding.open_chat, draft.pk)
    if draft.status != DraftReply.Status.PENDING_APPROVAL or not draft.dialog.keep_history:
        return [[look]]
    return [
        [Button(_("✅ Approve"), deciding.approve, draft.pk)],
        [
            Button(_("✏️ Edit"), deciding.ask_wording, draft.pk),
            Button(_("❌ Reject"), deciding.ask_fault, draft.pk),
        ],
        [look],
    ]


def _writer(draft: DraftReply) -> Callable[[Dialog], Reply]:
    """What writes the card for an operator's chat, once for all who read and keep time alike."""
    made: dict[tuple[str, str], Reply] = {}

    def write(chat: Dialog) -> Reply:
        assert chat.person is not None  # an operator's own chat
        language, zone = chat.person.language, notices.zone_of(chat.person)
        key = (language, str(zone))
        if key not in made:
            with translation.override(language), timezone.override(zone):
                fresh = card(draft)
                made[key] = replace(fresh, text=str(fresh.text))
        return made[key]

    return write


def _may_decide(chat: Dialog) -> bool:
    person = chat.person
    return person is not None and person.is_active and catalogue.allows("inbox", person.role)


def _origin(draft: DraftReply) -> str:
    return f"{ORIGIN}{draft.pk}"


def _small(text: str) -> str:
    return f"<i>{escape(text)}</i>" if text else ""


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
