"""answerCallbackQuery."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest
from telegrambot.sandbox.models import CALLBACK_LIFETIME, SandboxCallback, SandboxChat

MAX_ANSWER = 200


def answer_callback_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answercallbackquery"""
    text = call.parameters.text("text")
    if len(text) > MAX_ANSWER:
        raise BadRequest("MESSAGE_TOO_LONG")
    with transaction.atomic():
        query = SandboxCallback.objects.filter(
            pk=call.parameters.integer("callback_query_id"),
            pressed_at__gt=timezone.now() - CALLBACK_LIFETIME,
        ).first()
        if query is None:
            raise BadRequest("query is too old and response timeout expired or query ID is invalid")
        chat = SandboxChat.objects.select_for_update().get(pk=query.chat_id)
        query.answer = text
        query.is_alert = call.parameters.flag("show_alert")
        query.answered_at = timezone.now()
        query.revision = chat.moved()
        query.save()
    return True
