"""For which chats drafts are made, and which of them may be answered without a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from telegrambot.accounts.exceptions import OwnersOnly
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog
from telegrambot.inbox.desk import queueing, trust
from telegrambot.inbox.desk.exceptions import DialogNotFound, NotAPrivateChat, NotEarnedYet
from telegrambot.inbox.models import AutomaticTopic, DraftReply
from telegrambot.vault import settings_store

Chosen = Iterable[int] | QuerySet[Any]


@transaction.atomic
def set_processing(chosen: Chosen, is_enabled: bool, *, actor: TelegramUser | None) -> int:
    """Make drafts for chats, or none any more; who waits already gets one.

    Returns:
        In how many chats that changed.

    Raises:
        NotAPrivateChat: some are groups or channels; nothing is changed.
    """
    rows = list(_locked(chosen).filter(is_processing_enabled=not is_enabled))
    if is_enabled and any(row.type != Dialog.Type.PRIVATE for row in rows):
        raise NotAPrivateChat
    Dialog.objects.filter(pk__in=[row.pk for row in rows]).update(is_processing_enabled=is_enabled)
    for row in rows if is_enabled else []:
        queueing.ask(row.pk, in_seconds=0)
    return len(rows)


@transaction.atomic
def set_auto_send(dialog: Dialog, is_enabled: bool, *, actor: TelegramUser | None) -> None:
    """Let answers in a chat go out without a person, once that is earned; or not any more.

    Raises:
        DialogNotFound: it was erased meanwhile.
        OwnersOnly: it is switched on, and `actor` is no owner.
        NotEarnedYet: too few drafts in a row were approved with small edits.
    """
    row = _locked([dialog.pk]).first()
    if row is None:
        raise DialogNotFound
    if is_enabled:
        _require_owner(actor)
        _require_earned(trust.of_dialog(row))
    row.auto_send_enabled = is_enabled
    row.save(update_fields=["auto_send_enabled"])


@transaction.atomic
def set_automatic_topic(topic: str, title: str, is_enabled: bool, *, actor: TelegramUser | None) -> None:
    """Let answers about a topic go out without a person, wherever they are asked for; or not any more.

    Raises:
        OwnersOnly: it is switched on, and `actor` is no owner.
        NotEarnedYet: too few drafts in a row were approved with small edits.
    """
    if is_enabled:
        _require_owner(actor)
        _require_earned(trust.of_topic(topic))
    AutomaticTopic.objects.update_or_create(topic=topic, defaults={"title": title, "is_active": is_enabled})


def switch_everything(is_on: bool, *, actor: TelegramUser | None) -> None:
    """Let answers go out without a person anywhere at all, or nowhere: the owner's emergency stop.

    Raises:
        OwnersOnly: `actor` is no owner.
    """
    _require_owner(actor)
    settings_store.set("drafting.automatic", is_on, actor=actor)


def _require_owner(actor: TelegramUser | None) -> None:
    if actor is not None and actor.role < Role.OWNER:
        raise OwnersOnly


def _require_earned(drafts: QuerySet[DraftReply]) -> None:
    if not trust.has_earned(drafts):
        needed = settings_store.get("drafting.approvals_needed", int)
        raise NotEarnedYet(count=trust.earned(drafts), needed=needed)


def _locked(chosen: Chosen) -> QuerySet[Dialog]:
    return Dialog.objects.filter(pk__in=chosen).select_for_update(no_key=True).order_by("pk")
