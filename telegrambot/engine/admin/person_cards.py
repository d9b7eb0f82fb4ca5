"""What the engine knows of a person, on the person's page: their chats and all that was said."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin_pagination import OLDER
from telegrambot.accounts.admin_cards import Card, register
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.admin import conversation
from telegrambot.engine.models import Message

_DIALOGS = 20


def _dialogs(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    # One more than shown tells that there are more.
    found = list(person.dialogs.order_by("-pk")[: _DIALOGS + 1])
    return {"dialogs": found[:_DIALOGS], "has_more": len(found) > _DIALOGS}


def _timeline(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    said = Message.objects.filter(person=person)
    found = conversation.read(said, ("pk",), request.GET.get(OLDER, ""))
    return {"conversation": found, "names_chats": True}


register(
    Card(
        "dialogs",
        _("Dialogs"),
        "engine/admin/cards/dialogs.html",
        _dialogs,
        permission="engine.view_dialog",
        order=20,
    )
)
register(
    Card(
        "timeline",
        _("Messages"),
        "engine/admin/conversation.html",
        _timeline,
        permission="engine.view_message",
        order=90,
        is_wide=True,
    )
)
