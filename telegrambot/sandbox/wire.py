"""The objects of the Bot API, built from what the sandbox remembers: https://core.telegram.org/bots/api#available-types"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMessage,
    SandboxPerson,
)

Json = dict[str, Any]


def without_blanks(**fields: Any) -> Json:
    """Telegram leaves out what is empty."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def unix(moment: datetime | None) -> int | None:
    """Seconds since 1970, as every date of the Bot API."""
    return int(moment.timestamp()) if moment else None


def user(person: SandboxPerson) -> Json:
    """User: a person."""
    return without_blanks(
        id=person.telegram_id,
        is_bot=False,
        first_name=person.first_name,
        last_name=person.last_name,
        username=person.username,
        language_code=person.language_code,
    )


def bot_user(bot: SandboxBot) -> Json:
    """User: the bot, as others see it."""
    return {"id": bot.telegram_id, "is_bot": True, "first_name": bot.first_name, "username": bot.username}


def bot_self(bot: SandboxBot) -> Json:
    """User: the bot, as `getMe` returns it."""
    return bot_user(bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat(row: SandboxChat) -> Json:
    """Chat."""
    person = row.person
    return without_blanks(
        id=row.telegram_id,
        type=row.kind,
        title=row.title,
        first_name=person and person.first_name,
        last_name=person and person.last_name,
        username=person and person.username,
    )


def chat_full_info(row: SandboxChat) -> Json:
    """ChatFullInfo, with the fields that the Bot API promises for every chat."""
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    return chat(row) | {
        "accent_color_id": row.telegram_id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


def message(row: SandboxMessage, bot: SandboxBot, *, with_reply: bool = True) -> Json:
    """Message. The message it replies to is shown one level deep, as Telegram does."""
    content: Json
    if row.file:
        content = _media(row.file) | without_blanks(
            caption=row.text, caption_entities=row.entities, media_group_id=row.album
        )
    else:
        content = without_blanks(text=row.text, entities=row.entities)
    if with_reply and row.reply_to and row.reply_to.deleted_at is None:
        content["reply_to_message"] = message(row.reply_to, bot, with_reply=False)
    if row.buttons:
        content["reply_markup"] = {"inline_keyboard": row.buttons}
    if row.edited_at:
        content["edit_date"] = unix(row.edited_at)
    return {
        "message_id": row.pk,
        "from": user(row.sender) if row.sender else bot_user(bot),
        "chat": chat(row.chat),
        "date": unix(row.sent_at),
        **content,
    }


def _media(row: SandboxFile) -> Json:
    plain = {"file_id": row.file_id, "file_unique_id": row.unique_id, "file_size": row.size}
    if row.kind == SandboxFile.Kind.PHOTO:
        return {"photo": [plain | {"width": row.width, "height": row.height}]}
    described = plain | without_blanks(file_name=row.name, mime_type=row.mime_type)
    if row.kind == SandboxFile.Kind.VIDEO:
        return {"video": described | {"width": row.width, "height": row.height, "duration": 0}}
    return {"document": described}


def file(row: SandboxFile) -> Json:
    """File."""
    return {
        "file_id": row.file_id,
        "file_unique_id": row.unique_id,
        "file_size": row.size,
        "file_path": row.path,
    }


def callback_query(row: SandboxCallback, bot: SandboxBot) -> Json:
    """CallbackQuery."""
    return {
        "id": str(row.pk),
        "from": user(row.person),
        "message": message(row.message, bot),
        "chat_instance": str(row.chat_id * 7_919),
        "data": row.data,
    }


def chat_member_updated(
    row: SandboxChat, person: SandboxPerson, bot: SandboxBot, *, old: str, new: str, date: datetime
) -> Json:
    """ChatMemberUpdated: `person` changed the bot's own standing in a chat (`member` or `kicked`)."""

    def standing(status: str) -> Json:
        # `until_date` is part of ChatMemberBanned; 0 stands for ever.
        ban = {"until_date": 0} if status == "kicked" else {}
        return {"user": bot_user(bot), "status": status} | ban

    return {
        "chat": chat(row),
        "from": user(person),
        "date": unix(date),
        "old_chat_member": standing(old),
        "new_chat_member": standing(new),
    }
