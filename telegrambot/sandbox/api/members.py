"""getChatMember, getChatAdministrators, getChatMemberCount, leaveChat."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from telegrambot.sandbox import updates, wire
from telegrambot.sandbox.api import access
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.models import SandboxChat, SandboxMember, SandboxPerson


def get_chat_member(call: Call) -> wire.Json:
    """https://core.telegram.org/bots/api#getchatmember"""
    with transaction.atomic():
        chat = _shared_chat(call)
        user_id = call.parameters.integer("user_id")
        if user_id == call.bot.telegram_id:
            return wire.standing(wire.bot_user(call.bot), chat.bot_status, chat.kind)
        member = _members(chat).filter(person_id=user_id).first()
        if member is not None:
            return wire.standing(wire.user(member.person), member.status, chat.kind)
        person = SandboxPerson.objects.filter(pk=user_id).first()
        if person is None:
            raise BadRequest("PARTICIPANT_ID_INVALID")
        return wire.standing(wire.user(person), SandboxChat.BotStatus.LEFT.value, chat.kind)


def get_chat_administrators(call: Call) -> list[wire.Json]:
    """https://core.telegram.org/bots/api#getchatadministrators: people only, other bots there are none."""
    with transaction.atomic():
        chat = _shared_chat(call)
        return [
            wire.standing(wire.user(member.person), member.status, chat.kind)
            for member in _members(chat).exclude(status=SandboxMember.Status.MEMBER)
        ]


def get_chat_member_count(call: Call) -> int:
    """https://core.telegram.org/bots/api#getchatmembercount"""
    with transaction.atomic():
        chat = _shared_chat(call)
        return _members(chat).count() + int(chat.has_bot)


def leave_chat(call: Call) -> bool:
    """https://core.telegram.org/bots/api#leavechat"""
    with transaction.atomic():
        chat = _shared_chat(call)
        old, chat.bot_status = chat.bot_status, SandboxChat.BotStatus.LEFT
        chat.moved("bot_status")
        creator = _members(chat).order_by("pk").first()
        if creator is not None:
            change = wire.chat_member_updated(
                chat, creator.person, call.bot, old=old, new=chat.bot_status, date=timezone.now()
            )
            # The bot itself did it.
            updates.queue("my_chat_member", change | {"from": wire.bot_user(call.bot)})
    return True


def _shared_chat(call: Call) -> SandboxChat:
    chat = call.chat()
    if chat.kind == SandboxChat.Kind.PRIVATE:
        raise BadRequest("chat is not a group or a channel")
    access.check_sending(chat)
    return chat


def _members(chat: SandboxChat) -> QuerySet[SandboxMember]:
    return SandboxMember.objects.filter(chat=chat).select_related("person")
