"""What people do in this local Telegram: each act changes a chat and queues the update for the bot.

Every function takes the acting `SandboxPerson`, checks that they may do it, and raises a `DomainError` with
the sentence to show when not. Chats are given as rows; without one the private chat with the bot is meant.
"""

from __future__ import annotations

from telegrambot.sandbox.people.accounts import add_person, block, open_chat, unblock
from telegrambot.sandbox.people.business import (
    connect_business,
    connection_of,
    disconnect_business,
    open_business_chat,
    set_rights,
)
from telegrambot.sandbox.people.chats import chats_of, may_write
from telegrambot.sandbox.people.conversation import (
    delete_message,
    edit_text,
    press,
    send_album,
    send_text,
    start,
)
from telegrambot.sandbox.people.groups import (
    add_bot,
    add_member,
    create_channel,
    create_group,
    leave,
    remove_bot,
)

__all__ = [
    "add_bot",
    "add_member",
    "add_person",
    "block",
    "chats_of",
    "connect_business",
    "connection_of",
    "create_channel",
    "create_group",
    "delete_message",
    "disconnect_business",
    "edit_text",
    "leave",
    "may_write",
    "open_business_chat",
    "open_chat",
    "press",
    "remove_bot",
    "send_album",
    "send_text",
    "set_rights",
    "start",
    "unblock",
]
