"""An operator connects the bot to a business account, changes what it may do there, or ends that."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import translation
from django.utils.translation import gettext as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Overheard, Reply, overheard, say
from telegrambot.engine.models import Dialog, Priority
from telegrambot.inbox import business
from telegrambot.inbox.desk import superseding
from telegrambot.inbox.models import BusinessConnection, DraftReply

ORIGIN = "business:"


@overheard
def follow_connection(heard: Overheard) -> None:
    """Keep what Telegram says of a connection, and tell the account's owner what that means here."""
    if heard.kind != "business_connection" or heard.person is None:
        return
    body = heard.body
    # Bots from before there were rights got one flag.
    rights = body.get("rights") or {"can_reply": body.get("can_reply", False)}
    row = business.follow(
        body["id"],
        person=heard.person,
        bot_id=heard.dialog.bot_id,
        is_enabled=bool(body["is_enabled"]),
        rights=rights,
        connected_at=datetime.fromtimestamp(int(body["date"]), UTC),
    )
    if not row.is_enabled:
        _take_back(row)
    with translation.override(heard.person.language):
        text = _sentence(row, heard.person)
    say(
        Reply(text),
        dialog_id=heard.dialog.pk,
        person_id=heard.person.pk,
        priority=Priority.ANSWER,
        origin=f"{ORIGIN}{row.pk}",
        key=f"{ORIGIN}{row.pk}:{heard.update_key}",
    )


def _take_back(row: BusinessConnection) -> None:
    """Nothing can be sent there any more, so nobody needs to decide about it."""
    waiting = DraftReply.objects.filter(status=DraftReply.Status.PENDING_APPROVAL).values("dialog")
    for dialog in Dialog.objects.filter(business.chats_of(row), pk__in=waiting).order_by("pk"):
        superseding.supersede(dialog)


def _sentence(row: BusinessConnection, person: TelegramUser) -> str:
    if not row.is_enabled:
        return _("The bot is no longer connected to your business account.")
    if person.role < Role.ADMIN:
        return _("This bot answers for the accounts of its operators only, so it takes nothing from yours.")
    if not row.can_reply:
        return _(
            "The bot is connected to your business account: what customers write comes into /inbox. It may "
            "not answer them yet; you can allow that in Telegram, in the settings for business."
        )
    return _(
        "The bot is connected to your business account: what customers write comes into /inbox, and answers "
        "from there go out in your name. In /auto you choose for which chats answers are drafted."
    )
