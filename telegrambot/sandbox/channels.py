"""A channel's posts in its discussion group, which Telegram copies and keeps up to date."""

from __future__ import annotations

from telegrambot.sandbox import said
from telegrambot.sandbox.models import SandboxMessage


def forward(post: SandboxMessage) -> list[SandboxMessage]:
    """Copy a new post into the discussion group, if the chat is a channel that has one.

    The caller has locked both chats. Returns the copy, in a list of none or one.
    """
    group = post.chat.discussion
    if group is None:
        return []
    copy = said.say(
        group,
        sender_chat=post.chat,
        forwarded_from=post,
        text=post.text,
        entities=post.entities,
        file=post.file,
        album=post.album,
        reply_markup=post.reply_markup,
    )
    return [copy]


def repeat_edit(post: SandboxMessage) -> list[SandboxMessage]:
    """Change the copies of a changed post. The caller has locked both chats."""
    group = post.chat.discussion
    if group is None:
        return []
    copies = SandboxMessage.objects.filter(forwarded_from=post, chat=group, deleted_at=None)
    changed = list(copies.select_related("sender_chat", "file"))
    for copy in changed:
        copy.chat, copy.forwarded_from = group, post
        copy.text, copy.entities, copy.file = post.text, post.entities, post.file
        copy.reply_markup, copy.edited_at = post.reply_markup, post.edited_at
        copy.revision = group.moved()
        copy.save()
    return changed
