"""The command menu that a person's Telegram shows in a chat.

The first scope that has commands wins, the person's language before the general list:
https://core.telegram.org/bots/api#determining-list-of-commands
"""

from __future__ import annotations

from telegrambot.sandbox.models import SandboxChat, SandboxCommandSet, SandboxPerson


def commands_for(
    person: SandboxPerson, chat: SandboxChat, *, is_administrator: bool = False
) -> list[dict[str, str]]:
    """The commands to offer, each with `command` and `description`.

    Args:
        is_administrator: the person administers this group.
    """
    scopes = _scopes(person, chat, is_administrator=is_administrator)
    languages = (person.language_code, "")
    rows = SandboxCommandSet.objects.filter(scope__in=scopes, language_code__in=languages)
    stored = {(row.scope, row.language_code): row.commands for row in rows}
    for scope in scopes:
        for language in languages:
            if commands := stored.get((scope, language)):
                return commands
    return []


def _scopes(person: SandboxPerson, chat: SandboxChat, *, is_administrator: bool) -> list[str]:
    if chat.kind in {SandboxChat.Kind.CHANNEL, SandboxChat.Kind.BUSINESS}:
        return []
    if chat.kind == SandboxChat.Kind.PRIVATE:
        return [f"chat:{chat.pk}", "all_private_chats", "default"]
    return [
        f"chat_member:{chat.pk}:{person.pk}",
        *([f"chat_administrators:{chat.pk}"] if is_administrator else []),
        f"chat:{chat.pk}",
        *(["all_chat_administrators"] if is_administrator else []),
        "all_group_chats",
        "default",
    ]
