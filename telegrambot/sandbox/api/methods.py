"""Every Bot API method that the sandbox knows. Names are matched without regard to case, as by Telegram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrambot.sandbox.api import (
    about,
    business,
    callbacks,
    commands,
    editing,
    members,
    receiving,
    sending,
)
from telegrambot.sandbox.api.call import Call

METHODS: dict[str, Callable[[Call], Any]] = {
    "getMe": about.get_me,
    "getChat": about.get_chat,
    "getFile": about.get_file,
    "getChatMember": members.get_chat_member,
    "getChatAdministrators": members.get_chat_administrators,
    "getChatMemberCount": members.get_chat_member_count,
    "leaveChat": members.leave_chat,
    "getUpdates": receiving.get_updates,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendVideo": sending.send_video,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageMedia": editing.edit_message_media,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "getBusinessConnection": business.get_business_connection,
    "deleteBusinessMessages": business.delete_business_messages,
    "readBusinessMessage": business.read_business_message,
    "answerCallbackQuery": callbacks.answer_callback_query,
    "setMyCommands": commands.set_my_commands,
    "getMyCommands": commands.get_my_commands,
    "deleteMyCommands": commands.delete_my_commands,
}

_BY_LOWER_NAME = {name.lower(): name for name in METHODS}


def canonical_name(name: str) -> str:
    """The method's name as the documentation writes it; "" when the sandbox does not know it."""
    return _BY_LOWER_NAME.get(name.lower(), "")
