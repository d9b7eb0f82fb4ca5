"""Answer one update: who may do what, which view, and what its reply becomes."""

from __future__ import annotations

import html
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from telegram import Message as TelegramMessage
from telegram import Update

from audit.context import acting
from audit.models import Origin
from audit.services import record
from config.errors import DomainError
from telegrambot.accounts.actors import actor_id
from telegrambot.accounts.catalogue import Catalogue
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.timezones import zone_named
from telegrambot.engine import membership, outbox
from telegrambot.engine.chat import ChatRequest, Reply, escape
from telegrambot.engine.exceptions import NoText
from telegrambot.engine.models import Dialog
from telegrambot.engine.outbox import Draft
from telegrambot.engine.pending import Pending
from telegrambot.engine.routing import Match, Overheard, Stale, registry
from telegrambot.engine.savepoints import LazySavepoint

logger = logging.getLogger(__name__)

SLOW_VIEW_SECONDS = 0.25
MAX_TOAST = 200
_SAID_OR_PRESSED = frozenset({"message", "business_message", "callback_query"})

catalogue = Catalogue()


@dataclass(frozen=True, slots=True)
class Screen:
    """The message whose button was pressed, and all callback data that were ever offered on it."""

    message_id: int
    offered: frozenset[str]


@dataclass(frozen=True, slots=True)
class PressAnswer:
    """What Telegram shows over the chat after a press. It goes out directly, past the outbox."""

    callback_id: str
    text: str = ""
    is_alert: bool = False


@dataclass(slots=True)
class Handled:
    """What handling an update led to."""

    drafts: list[Draft] = field(default_factory=list)
    state: dict[str, Any] | None = None
    press: PressAnswer | None = None


def handle(
    pending: Pending,
    update: Update,
    dialog: Dialog,
    person: TelegramUser | None,
    screen: Screen | None,
    quoted: str = "",
) -> Handled:
    """Answer one update inside the caller's transaction.

    A domain error is an answer, and takes back what the view wrote; any other error is the caller's.

    Args:
        screen: the message whose button was pressed.
        quoted: what made the bot's message that this one replies to; empty for none.
    """
    with acting(user_id=actor_id(person), origin=Origin.CHAT, correlation_id=f"update:{pending.key}"):
        return _handle(pending, update, dialog, person, screen, quoted)


def may_run(match: Match, person: TelegramUser) -> bool:
    """Whether a person's role is enough for the program itself, and for the catalogue's row."""
    route = match.route
    return person.role >= route.role and (not route.command or catalogue.allows(route.command, person.role))


def _handle(
    pending: Pending,
    update: Update,
    dialog: Dialog,
    person: TelegramUser | None,
    screen: Screen | None,
    quoted: str,
) -> Handled:
    if pending.kind == "my_chat_member":
        membership.follow(dialog, pending.payload["my_chat_member"])
        return Handled()
    if pending.kind not in _SAID_OR_PRESSED:
        heard = Overheard(pending.kind, dialog, person, pending.payload[pending.kind], pending.key)
        for listener in registry.listeners:
            listener(heard)
        return Handled()
    is_echo = update.business_message is not None and update.business_message.sender_business_bot is not None
    if is_echo or person is None or not person.is_active:
        return Handled()
    if person.blocked_at is not None and dialog.is_private_with_bot:
        # Telegram had told us, or not: after a day it forgets what nobody fetched.
        membership.mark_back(dialog)
        person.blocked_at = None
    with ExitStack() as stack:
        stack.enter_context(translation.override(person.language))
        if zone := zone_named(person.timezone):
            stack.enter_context(timezone.override(zone))
        return _answer(pending, update, dialog, person, screen, quoted)


def _answer(
    pending: Pending,
    update: Update,
    dialog: Dialog,
    person: TelegramUser,
    screen: Screen | None,
    quoted: str,
) -> Handled:
    press = update.callback_query
    handled = Handled(press=PressAnswer(press.id) if press else None)
    try:
        if press and (screen is None or press.data not in screen.offered):
            raise Stale
        match = registry.match(update, dialog.state, lambda route: may_run(Match(route), person), quoted)
    except Stale:
        handled.press = PressAnswer(handled.press.callback_id, _("That button is no longer valid."))  # type: ignore[union-attr]
        return handled
    if match is None:
        return handled
    request = _request(pending, update, dialog, person, match)
    reply = _refusal(match, person) or _run(match, request)
    if reply is None:
        reply = Reply()
    if handled.press:
        shown = str(reply.alert or reply.toast)[:MAX_TOAST]
        handled.press = PressAnswer(handled.press.callback_id, shown, bool(reply.alert))
    elif reply.alert or reply.toast:
        text = f"{reply.text}\n\n{escape(str(reply.alert or reply.toast))}".strip()
        reply = replace(reply, text=text)  # the view may keep its own for others
    handled.drafts = outbox.drafts(
        reply,
        dialog_id=dialog.pk,
        person_id=person.pk,
        origin=f"update:{pending.key}",
        target_id=screen.message_id if screen and not reply.new else None,
        is_kept=dialog.keep_history,
    )
    handled.state = _next_state(dialog, match, reply)
    return handled


def _refusal(match: Match, person: TelegramUser) -> Reply | None:
    if may_run(match, person):
        return None
    record("engine.command.refused", details={"route": match.route.name, "role": person.role})
    logger.info("Refused %s to a person with role %s", match.route.name, person.role)
    sentence = _("This is not available to you. /help shows what is.")
    return Reply(sentence, new=True) if match.route.name not in registry.buttons else Reply(toast=sentence)


def _run(match: Match, request: ChatRequest) -> Reply | None:
    began = time.monotonic()
    reply = call(match, request)
    if (took := time.monotonic() - began) > SLOW_VIEW_SECONDS:
        logger.warning("%s took %.2f s: slow work belongs into a task", match.route.name, took)
    return reply


def call(match: Match, request: ChatRequest) -> Reply | None:
    """Call a view with the arguments its route found, and let its app frame the answer.

    A domain error is an answer, and takes back what the view wrote.
    """
    view: Callable[..., Reply | None] = match.route.view
    reply: Reply | None
    savepoint = LazySavepoint()
    try:
        if match.route.needs_text and not request.text.strip():
            raise NoText
        with savepoint.watching():
            reply = view(request, *match.args, **match.kwargs)
    except DomainError as error:
        savepoint.undo()
        sentence = str(error)
        reply = Reply(alert=sentence) if request.is_button else _Refused(escape(sentence))
    else:
        savepoint.keep()
    frame = registry.frame_of(match.route)
    return reply if frame is None or reply is None else frame(request, reply)


class _Refused(Reply):
    """A domain error as an answer: what the chat was in the middle of goes on, for another try."""


def _request(
    pending: Pending, update: Update, dialog: Dialog, person: TelegramUser, match: Match
) -> ChatRequest:
    message = update.effective_message
    press = update.callback_query
    return ChatRequest(
        person=person,
        dialog=dialog,
        text="" if press or message is None else message.text or message.caption or "",
        rest=match.rest,
        language=person.language,
        update_key=pending.key,
        sent_at=message.date if message is not None and press is None else pending.received_at,
        is_button=press is not None,
        has_file=press is None and message is not None and message.effective_attachment is not None,
        html=_html(message) if message is not None and press is None else "",
        data=dialog.state.get("data", {}),
    )


def _html(message: TelegramMessage) -> str:
    if message.entities or message.caption_entities:
        formatted = message.text_html if message.entities else message.caption_html
        return formatted.replace("&#x27;", "'")
    return html.escape(message.text or message.caption or "", quote=False)


def _next_state(dialog: Dialog, match: Match, reply: Reply) -> dict[str, Any] | None:
    """What the chat is in the middle of from now on; None: as before."""
    if reply.ask is not None:
        return {"answer": reply.ask.answer_name, "data": reply.data}  # type: ignore[attr-defined]
    answered = match.route.name == dialog.state.get("answer") and not isinstance(reply, _Refused)
    return {} if answered or (reply.leaves and dialog.state) else None
