"""A person's conversations on the person's page, and a way to write to them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.admin_cards import Card, register
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.models import Dialog
from telegrambot.inbox.models import Conversation

_SHOWN = 5


def _conversations(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    found = Conversation.objects.filter(dialog__person=person).select_related("dialog", "assigned_to")
    chats = Dialog.objects.filter(person=person, type=Dialog.Type.PRIVATE, business_connection_id="")
    return {
        "conversations": found.order_by("-started_at", "-pk")[:_SHOWN],
        "chat": chats.first(),
        "may_write": request.user.has_perm("inbox.change_conversation"),
    }


register(
    Card(
        "inbox",
        _("Conversations"),
        "inbox/conversation_card.html",
        _conversations,
        permission="inbox.view_conversation",
        order=25,
    )
)
