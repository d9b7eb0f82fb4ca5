"""What operators say in a conversation: answers of their own, saved ones, notes to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.utils.translation import gettext as _

from config.errors import DomainError
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine import sealing
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape, page
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.replies import Media
from telegrambot.inbox import answering, notes, saved_replies, services
from telegrambot.inbox.bot import screens
from telegrambot.inbox.bot.said import said_in
from telegrambot.inbox.exceptions import AnsweredMeanwhile, CannotPassOn
from telegrambot.inbox.models import Conversation, DraftReply, SavedReply

View = Callable[[ChatRequest], Reply]
Found = TypeVar("Found", Conversation, DraftReply)

MAX_LABEL = 60
PASSED_ON = ("photo", "video", "document", "voice", "audio", "animation", "sticker", "video_note")


# ── Answers ───────────────────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="inbox")
def ask_answer(request: ChatRequest, conversation_id: int, seen_up_to: int) -> Reply:
    """Ask for the answer; the operator's next message is it."""
    found = services.find(conversation_id)
    text = _("Send me your answer to {name}: a text, a photo, a video or a file. /cancel leaves.").format(
        name=f"<b>{screens.heading(found.dialog)}</b>"
    )
    return Reply(
        text,
        [[Button(_("‹ Back"), screens.show, found.pk)]],
        ask=hear_answer,
        data={"conversation": found.pk, "seen": seen_up_to},
        about=found.dialog.person_id,
    )


@answer(role=Role.ADMIN, command="inbox", takes_files=True)
def hear_answer(request: ChatRequest) -> Reply:
    """Pass the operator's message on."""
    return pass_on(request, request.data["conversation"], request.data["seen"], ask=hear_answer)


def pass_on(request: ChatRequest, conversation_id: int, seen_up_to: int, *, ask: View | None = None) -> Reply:
    """Send the person what the operator has just said, with its formatting and its file.

    Args:
        seen_up_to: the key of the last message that the operator has seen; 0: all.
        ask: the question that goes on when it is refused; None: there was none.
    """

    def passed_on(found: Conversation) -> Reply:
        try:
            send(request, found, seen_up_to)
        except AnsweredMeanwhile as refusal:
            rows = [[Button(_("Open"), screens.show, found.pk)]]
            return Reply(escape(str(refusal)), rows, leaves=True, about=found.dialog.person_id)
        return _sent(found)

    return typed(request, lambda: services.find(conversation_id), passed_on, ask=ask)


def send(request: ChatRequest, found: Conversation, seen_up_to: int) -> None:
    """Queue what the operator has just said.

    Args:
        seen_up_to: the key of the last message that the operator has seen; 0: all.

    Raises:
        CannotPassOn: Telegram lets nobody pass that on.
        DomainError: see `answering.answer`.
    """
    answering.answer(
        found,
        request.html,
        media=_media(said_in(request)),
        key=f"update:{request.update_key}",
        seen_up_to=seen_up_to or None,
        actor=request.person,
    )


@button(role=Role.ADMIN, command="inbox")
def offer_saved(request: ChatRequest, conversation_id: int, seen_up_to: int, number: int = 0) -> Reply:
    """A page of saved replies in the person's language."""
    found = services.find(conversation_id)
    language = found.dialog.person.language if found.dialog.person else request.language
    items: Sequence[SavedReply]
    items, arrows = page(saved_replies.offered(language), number, offer_saved, conversation_id, seen_up_to)
    back = [Button(_("‹ Back"), screens.show, conversation_id)]
    if not items:
        return Reply(_("There are no saved replies yet. They are written in the browser."), [back])
    rows = [
        [Button(item.title[:MAX_LABEL], show_saved, conversation_id, seen_up_to, item.pk)] for item in items
    ]
    return Reply(_("Which one?"), [*rows, arrows, back])


@button(role=Role.ADMIN, command="inbox")
def show_saved(request: ChatRequest, conversation_id: int, seen_up_to: int, saved_id: int) -> Reply:
    """Show a saved reply as the person would read it."""
    found, saved = services.find(conversation_id), saved_replies.find(saved_id)
    question = _("Send this to {name}?").format(name=f"<b>{screens.heading(found.dialog)}</b>")
    send = Button(_("Yes, send it"), send_saved, conversation_id, seen_up_to, saved_id)
    back = Button(_("‹ Back"), offer_saved, conversation_id, seen_up_to)
    text = f"{question}\n\n{saved_replies.filled(saved, found.dialog.person)}"
    return Reply(text, [[send, back]], about=found.dialog.person_id)


@button(role=Role.ADMIN, command="inbox")
def send_saved(request: ChatRequest, conversation_id: int, seen_up_to: int, saved_id: int) -> Reply:
    """Send a saved reply; of two presses on one question one counts."""
    found = services.find(conversation_id)
    answering.answer(
        found,
        saved_reply=saved_replies.find(saved_id),
        key=f"saved:{saved_id}:{seen_up_to}:{request.person.pk.hex}",
        seen_up_to=seen_up_to or None,
        actor=request.person,
    )
    return screens.screen(services.find(conversation_id), request.person, toast=_("Sent."))


# ── Notes, handing over ───────────────────────────────────────────────────────────────────────────────────


@button(role=Role.ADMIN, command="inbox")
def ask_note(request: ChatRequest, conversation_id: int) -> Reply:
    """Ask for a note."""
    found = services.find(conversation_id)
    text = _("Send me the note. Only operators read it. /cancel leaves.")
    back = [Button(_("‹ Back"), screens.show, found.pk)]
    return Reply(text, [back], ask=hear_note, data={"conversation": found.pk})


@answer(role=Role.ADMIN, command="inbox", takes_files=True)
def hear_note(request: ChatRequest) -> Reply:
    """Keep a note."""

    def noted(found: Conversation) -> Reply:
        notes.add(found, request.text, actor=request.person)
        return screens.screen(found, request.person)

    return typed(request, lambda: services.find(request.data["conversation"]), noted, ask=hear_note)


@button(role=Role.ADMIN, command="inbox")
def choose_operator(request: ChatRequest, conversation_id: int, number: int = 0) -> Reply:
    """Offer who may take it over."""
    found = services.find(conversation_id)
    others = services.operators().exclude(pk=request.person.pk)
    items: Sequence[TelegramUser]
    items, arrows = page(others, number, choose_operator, conversation_id)
    back = [Button(_("‹ Back"), screens.show, found.pk)]
    if not items:
        return Reply(_("There is no other operator."), [back])
    rows = [
        [Button(str(item)[:MAX_LABEL], ask_reason, conversation_id, item.telegram_id or 0)] for item in items
    ]
    return Reply(_("To whom?"), [*rows, arrows, back])


@button(role=Role.ADMIN, command="inbox")
def ask_reason(request: ChatRequest, conversation_id: int, telegram_id: int) -> Reply:
    """Ask what the other one should know."""
    found = services.find(conversation_id)
    text = _("Send me a note for whoever takes over, or hand it over without one. /cancel leaves.")
    rows = [
        [Button(_("Without a note"), hand_over, conversation_id, telegram_id)],
        [Button(_("‹ Back"), screens.show, found.pk)],
    ]
    return Reply(text, rows, ask=hear_reason, data={"conversation": found.pk, "to": telegram_id})


@answer(role=Role.ADMIN, command="inbox", takes_files=True)
def hear_reason(request: ChatRequest) -> Reply:
    """Hand it over with a note."""
    return typed(
        request,
        lambda: services.find(request.data["conversation"]),
        lambda found: _handed_over(request, found, request.data["to"], request.text),
        ask=hear_reason,
    )


@button(role=Role.ADMIN, command="inbox")
def hand_over(request: ChatRequest, conversation_id: int, telegram_id: int) -> Reply:
    """Hand it over without a note."""
    return _handed_over(request, services.find(conversation_id), telegram_id, "")


def _handed_over(request: ChatRequest, found: Conversation, telegram_id: int, note: str) -> Reply:
    to = services.operator(telegram_id)
    services.assign(found, to, note=note, actor=request.person)
    return screens.screen(services.find(found.pk), request.person, toast=_("Handed over."))


# ── What was said ─────────────────────────────────────────────────────────────────────────────────────────


def _media(said: Message | None) -> list[Media]:
    if said is None or said.message_type == "text":
        return []
    file_id = said.payload.get("file_id")
    if said.message_type not in PASSED_ON or not file_id:
        raise CannotPassOn
    return [Media(said.message_type, file_id)]  # type: ignore[arg-type]


def typed(
    request: ChatRequest, find: Callable[[], Found], do: Callable[[Found], Reply], *, ask: View | None = None
) -> Reply:
    """Do what the operator has typed; what is refused is about that person all the same, and goes with them.

    Args:
        find: finds what it is said about.
        do: does it.
        ask: the question that goes on when it is refused; None: there was none.
    """
    dialog: Dialog | None = None
    try:
        found = find()
        dialog = found.dialog
        reply = do(found)
    except DomainError as refusal:
        # An error that leaves a view takes back what it wrote.
        again = ask if dialog else None
        about = dialog.person_id if dialog else None
        reply = Reply(escape(str(refusal)), ask=again, data=request.data, about=about)
    _disown(request, dialog)
    return reply


def _disown(request: ChatRequest, dialog: Dialog | None) -> None:
    """What the operator typed is about the person of `dialog`; without history it is kept nowhere.

    Nor is it in a group: nobody would find it there when the group's history goes. Nor is it, about somebody
    who was erased meanwhile.
    """
    # Telegram repeats in it what was quoted. What waits has to have a content, and this one is being handled.
    InboundUpdate.objects.filter(pk=request.update_key).update(payload=None, status=InboundUpdate.Status.DONE)
    if (said := said_in(request)) is not None:
        bare = {name: value for name, value in said.payload.items() if name == "media_group_id"}
        person = dialog.person_id if dialog else None
        is_kept = person is not None and not sealing.people_without_history([person])
        values = {} if is_kept else {"text": "", "payload": bare}
        Message.objects.filter(pk=said.pk).update(about=person, **values)


def _sent(found: Conversation) -> Reply:
    found = services.find(found.pk)
    lines = [_("✓ Sent to {name}.").format(name=screens.heading(found.dialog)), screens.newer(found)]
    rows = [[Button(_("Open"), screens.show, found.pk)]]
    return Reply("\n\n".join(filter(None, lines)), rows, leaves=True, about=found.dialog.person_id)
