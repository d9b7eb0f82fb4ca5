"""Every message that nobody else wanted waits here for a person."""

from __future__ import annotations

from telegrambot.accounts.roles import Role
from telegrambot.engine.bot import not_understood
from telegrambot.engine.chat import ChatRequest, Reply, escape, fallback
from telegrambot.engine.models import Dialog
from telegrambot.inbox import business, notices, services
from telegrambot.inbox.bot.albums import pass_on_rest
from telegrambot.inbox.bot.said import said_in
from telegrambot.inbox.desk import superseding
from telegrambot.vault import settings_store


@fallback
def arrive(request: ChatRequest) -> Reply | None:
    """Take a message into the inbox; whoever begins a conversation is told so, once.

    In a business chat the bot never answers by itself. Operators talk to the bot, not to themselves: they are
    told that it did not understand, unless it is the rest of an album with which they answer.
    """
    dialog = request.dialog
    if dialog.is_private_with_bot and request.person.role >= Role.ADMIN:
        return pass_on_rest(request) or not_understood(request)
    if dialog.business_connection_id and not business.is_served(dialog):
        return None
    if dialog.business_connection_id and str(request.person.telegram_id) != dialog.telegram_dialog_id:
        services.answered_elsewhere(dialog, request.sent_at)  # the account's owner wrote
        superseding.answered_in_telegram(dialog)
        return None
    if dialog.type != Dialog.Type.PRIVATE and not settings_store.get("inbox.groups", bool):
        return None
    received = services.receive(dialog, request.sent_at)
    if received.is_new and dialog.business_connection_id and dialog.owner_id is None:
        business.settle_in(dialog)
    said = said_in(request)
    superseding.follow(dialog, said, request.text)
    if received.begins_waiting:
        notices.tell_waiting(services.find(received.conversation_id), said)
    if not received.is_new or not dialog.is_private_with_bot:
        return None
    text = settings_store.get(f"inbox.confirmation_{request.language}", str)
    return Reply(escape(text)) if text else None
