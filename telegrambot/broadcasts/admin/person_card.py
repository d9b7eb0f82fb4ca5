"""The broadcasts a person was sent lately, on the person's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.admin_cards import Card, register
from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts.admin.ledger_rows import in_words
from telegrambot.broadcasts.models import ORIGIN, Broadcast
from telegrambot.engine.models import Message, Priority

_SHOWN = 10


def _received(person: TelegramUser, request: HttpRequest) -> dict[str, Any]:
    copies = Message.objects.filter(
        person=person, priority=Priority.BROADCAST, origin__startswith=ORIGIN
    ).only("origin", "status", "error", "timestamp", "person")
    found = [(UUID(copy.origin.removeprefix(ORIGIN)), copy) for copy in copies.order_by("-pk")[:_SHOWN]]
    titles = dict(Broadcast.objects.filter(pk__in={key for key, _copy in found}).values_list("pk", "title"))
    return {"copies": [(key, titles.get(key, ""), copy, in_words(copy.error)) for key, copy in found]}


register(
    Card(
        "broadcasts",
        _("Broadcasts"),
        "broadcasts/admin/person_card.html",
        _received,
        permission="broadcasts.view_broadcast",
        order=40,
    )
)
