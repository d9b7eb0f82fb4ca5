"""The objects of the Bot API, built from what the sandbox remembers: https://core.telegram.org/bots/api#available-types"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telegrambot.sandbox.models import (
    SandboxBot,
    SandboxBusinessConnection,
    SandboxCallback,
    SandboxChat,
    SandboxFile,
    SandboxMember,
    SandboxMessage,
    SandboxPerson,
)

Json = dict[str, Any]

# In whose name Telegram itself writes, as when it copies a post into a discussion group.
TELEGRAM: Json = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
_ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


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
        "can_read_all_group_messages": not bot.privacy_mode,
        "supports_inline_queries": False,
        "can_connect_to_business": True,
        "has_main_web_app": False,
    }


def chat(row: SandboxChat) -> Json:
    """Chat. To the bot a business account's chat is a private one with the customer."""
    is_business = row.kind == SandboxChat.Kind.BUSINESS
    person = row.customer if is_business else row.person
    return without_blanks(
        id=row.wire_id,
        type=SandboxChat.Kind.PRIVATE.value if is_business else row.kind,
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
    linked = (
        row.discussion_id or SandboxChat.objects.filter(discussion=row).values_list("pk", flat=True).first()
    )
    return (
        chat(row)
        | without_blanks(linked_chat_id=linked)
        | {
            "accent_color_id": row.telegram_id % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }
    )


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
        **_author(row, bot),
        "chat": chat(row.chat),
        "date": unix(row.sent_at),
        **content,
    }


def _author(row: SandboxMessage, bot: SandboxBot) -> Json:
    """Who said it, and in whose name."""
    if row.forwarded_from and row.sender_chat:
        post, channel = row.forwarded_from, chat(row.sender_chat)
        origin = {"type": "channel", "date": unix(post.sent_at), "chat": channel, "message_id": post.pk}
        return {
            "from": TELEGRAM,
            "sender_chat": channel,
            "is_automatic_forward": True,
            "forward_origin": origin,
        }
    if row.sender_chat:
        return {"sender_chat": chat(row.sender_chat)}
    author = without_blanks(message_thread_id=row.thread_id)
    if row.chat.kind == SandboxChat.Kind.BUSINESS:
        connection = connection_of(row.chat)
        author |= without_blanks(business_connection_id=connection and connection.pk)
        if row.is_from_bot and row.chat.owner:
            return author | {"from": user(row.chat.owner), "sender_business_bot": bot_user(bot)}
    return author | {"from": user(row.sender) if row.sender else bot_user(bot)}


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
    """ChatMemberUpdated: `person` changed the bot's own standing in a chat (a ChatMember status)."""
    return {
        "chat": chat(row),
        "from": user(person),
        "date": unix(date),
        "old_chat_member": standing(bot_user(bot), old, row.kind),
        "new_chat_member": standing(bot_user(bot), new, row.kind),
    }


def standing(member: Json, status: str, chat_kind: str) -> Json:
    """ChatMember: what a user (bots are users) is in a chat, with the fields that belong to the status."""
    details: Json = {}
    if status == "kicked":
        # 0 stands for ever.
        details = {"until_date": 0}
    elif status == SandboxMember.Status.CREATOR:
        details = {"is_anonymous": False}
    elif status == SandboxMember.Status.ADMINISTRATOR:
        details = {"can_be_edited": False, "is_anonymous": False, **dict.fromkeys(_ADMIN_RIGHTS, True)}
        if chat_kind == SandboxChat.Kind.CHANNEL:
            details |= {"can_post_messages": True, "can_edit_messages": True}
    return {"user": member, "status": status} | details


def connection_of(row: SandboxChat) -> SandboxBusinessConnection | None:
    """The connection through which the bot sees a business account's chat; None for every other chat."""
    if row.kind != SandboxChat.Kind.BUSINESS:
        return None
    rows = SandboxBusinessConnection.objects.select_related("owner")
    return rows.filter(owner_id=row.owner_id, is_enabled=True).first()


def business_connection(row: SandboxBusinessConnection) -> Json:
    """BusinessConnection."""
    return {
        "id": row.pk,
        "user": user(row.owner),
        "user_chat_id": row.owner_id,
        "date": unix(row.connected_at),
        "rights": dict.fromkeys(row.rights, True),
        "is_enabled": row.is_enabled,
    }


def business_messages_deleted(
    row: SandboxChat, connection: SandboxBusinessConnection, message_ids: list[int]
) -> Json:
    """BusinessMessagesDeleted."""
    return {"business_connection_id": connection.pk, "chat": chat(row), "message_ids": message_ids}
