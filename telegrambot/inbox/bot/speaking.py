"""What operators say in a conversation: answers of their own, saved ones, notes to each other."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape, page
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.replies import Media
from telegrambot.inbox import answering, notes, saved_replies, services
from telegrambot.inbox.bot import screens
from telegrambot.inbox.bot.said import said_in
from telegrambot.inbox.exceptions import AnsweredMeanwhile, CannotPassOn
from telegrambot.inbox.models import Conversation, SavedReply

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


@answer(role=Role.ADMIN, command="inbox")
def hear_answer(request: ChatRequest) -> Reply:
    """Pass the operator's message on."""
    return pass_on(request, request.data["conversation"], request.data["seen"])


def pass_on(request: ChatRequest, conversation_id: int, seen_up_to: int) -> Reply:
    """Send the person what the operator has just said, with its formatting and its file.

    Args:
        seen_up_to: the key of the last message that the operator has seen; 0: all.
    """
    found = services.find(conversation_id)
    said = said_in(request)
    try:
        answering.answer(
            found,
            request.html,
            media=_media(said),
            key=f"update:{request.update_key}",
            seen_up_to=seen_up_to or None,
            actor=request.person,
        )
    except AnsweredMeanwhile as refusal:
        disown(request, found.dialog)
        rows = [[Button(_("Open"), screens.show, found.pk)]]
        return Reply(escape(str(refusal)), rows, leaves=True, about=found.dialog.person_id)
    disown(request, found.dialog)
    return _sent(found)


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


@answer(role=Role.ADMIN, command="inbox")
def hear_note(request: ChatRequest) -> Reply:
    """Keep a note."""
    found = services.find(request.data["conversation"])
    notes.add(found, request.text, actor=request.person)
    disown(request, found.dialog)
    return screens.screen(found, request.person)


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


@answer(role=Role.ADMIN, command="inbox")
def hear_reason(request: ChatRequest) -> Reply:
    """Hand it over with a note."""
    found = services.find(request.data["conversation"])
    reply = _handed_over(request, found, request.data["to"], request.text)
    disown(request, found.dialog)
    return reply


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


def disown(request: ChatRequest, dialog: Dialog) -> None:
    """What the operator typed is about the person of `dialog`; without history it is kept nowhere."""
    # Telegram repeats in it what was quoted.
    InboundUpdate.objects.filter(pk=request.update_key).update(payload=None)
    if (said := said_in(request)) is not None:
        bare = {name: value for name, value in said.payload.items() if name == "media_group_id"}
        values = {} if dialog.keep_history else {"text": "", "payload": bare}
        Message.objects.filter(pk=said.pk).update(about=dialog.person_id, **values)


def _sent(found: Conversation) -> Reply:
    found = services.find(found.pk)
    lines = [_("✓ Sent to {name}.").format(name=screens.heading(found.dialog)), screens.newer(found)]
    rows = [[Button(_("Open"), screens.show, found.pk)]]
    return Reply("\n\n".join(filter(None, lines)), rows, leaves=True, about=found.dialog.person_id)
