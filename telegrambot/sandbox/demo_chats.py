"""The demo's group, its channel with a discussion group, and a business account with one customer."""

from __future__ import annotations

from telegrambot.sandbox import channels, people, said
from telegrambot.sandbox.locks import locked
from telegrambot.sandbox.models import SandboxChat, SandboxMessage, SandboxPerson

GROUP_TITLE = "Rowing club"
CHANNEL_TITLE = "Switchboard News"


def fill(*, owner: SandboxPerson, admin: SandboxPerson, subscriber: SandboxPerson) -> None:
    """Create what is missing. The first lines were said before the bot came, so it does not answer them."""
    if not _exists(SandboxChat.Kind.SUPERGROUP, GROUP_TITLE):
        group = people.create_group(owner, GROUP_TITLE, [admin, subscriber], with_bot=False)
        _say(group, subscriber, "Who is on the water on Saturday?")
        _say(group, admin, "I am. Shall we ask the bot to remind us?")
        people.add_bot(owner, group)
    if not _exists(SandboxChat.Kind.CHANNEL, CHANNEL_TITLE):
        channel = people.create_channel(owner, CHANNEL_TITLE, [admin, subscriber], with_bot=False)
        _say(channel, owner, "Welcome! Here you read what is new.")
        if channel.discussion is not None:
            post = SandboxMessage.objects.filter(chat=channel.discussion).latest("pk")
            _say(channel.discussion, subscriber, "Thank you, nice to be here.", reply_to=post)
            people.add_bot(owner, channel.discussion, as_admin=True)
        people.add_bot(owner, channel)
    if not SandboxChat.objects.filter(owner=admin, customer=subscriber).exists():
        chat = people.open_business_chat(admin, subscriber)
        _say(chat, subscriber, "Hello, are you open on Sunday?")
        people.connect_business(admin)


def _exists(kind: str, title: str) -> bool:
    return SandboxChat.objects.filter(kind=kind, title=title).exists()


def _say(
    chat: SandboxChat, person: SandboxPerson, text: str, *, reply_to: SandboxMessage | None = None
) -> None:
    channels.forward(said.say(locked(chat), sender=person, text=text, reply_to=reply_to))
