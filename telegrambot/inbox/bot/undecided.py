"""Drafts that wait for a decision, the oldest question first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import MAX_LABEL, Button, ChatRequest, Reply, button, page
from telegrambot.inbox.bot import screens
from telegrambot.inbox.desk import cards, drafts
from telegrambot.inbox.lists import COUNTED_UP_TO
from telegrambot.inbox.models import DraftReply


@button(role=Role.ADMIN, command="inbox")
def undecided(request: ChatRequest, number: int = 0) -> Reply:
    """A page of drafts that wait for a decision."""
    from telegrambot.inbox.bot import listing  # it leads here

    items: Sequence[DraftReply]
    items, arrows = page(_waiting().select_related("dialog__person"), number, undecided)
    back = [Button(_("‹ Inbox"), listing.waiting)]
    title = f"<b>{_('Drafts to decide')}</b>"
    if not items:
        return Reply(f"{title}\n\n{_('No draft waits for a decision.')}", [back], leaves=True)
    rows = [[Button(_label(item), look, item.dialog_id)] for item in items]
    return Reply(title, [*rows, arrows, back], leaves=True)


@button(role=Role.ADMIN, command="inbox")
def look(request: ChatRequest, dialog_id: int) -> Reply:
    """Show a chat's latest draft, decided or not. Lists name the chat: whoever is erased is found in them."""
    found = DraftReply.objects.filter(dialog=dialog_id).order_by("-pk").values_list("pk", flat=True).first()
    reply = cards.card(drafts.find(found or 0))
    return replace(reply, leaves=True)


def rows() -> list[list[Button]]:
    """What leads to them from the inbox; nothing when none waits."""
    count = _waiting().values("pk")[:COUNTED_UP_TO].count()
    if not count:
        return []
    many = ngettext("✍️ {count} draft to decide", "✍️ {count} drafts to decide", count)
    return [[Button(many.format(count=count), undecided)]]


def of_chat(dialog_id: int) -> list[list[Button]]:
    """What leads to a chat's draft that waits."""
    is_there = _waiting().filter(dialog=dialog_id).exists()
    return [[Button(_("✍️ Look at the draft"), look, dialog_id)]] if is_there else []


def _waiting() -> QuerySet[DraftReply]:
    return DraftReply.objects.filter(status=DraftReply.Status.PENDING_APPROVAL).order_by("pk")


def _label(draft: DraftReply) -> str:
    tail = f" · {screens.ago(draft.last_message_timestamp)}"
    name = str(draft.dialog.person or draft.dialog)
    return f"{name[: MAX_LABEL - len(tail)]}{tail}"
