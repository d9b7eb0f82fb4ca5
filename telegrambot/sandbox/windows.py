"""Which people stand side by side in a window; the address says it, so a window can be kept and shared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from telegrambot.sandbox import chat_list, chat_page, people
from telegrambot.sandbox.live import MAX_PANES
from telegrambot.sandbox.models import SandboxBot, SandboxBusinessConnection, SandboxChat, SandboxPerson

_PANE = re.compile(r"(\d{1,18})(?:\.(-?\d{1,18}))?")
# What a business account may let the bot do: https://core.telegram.org/bots/api#businessbotrights
_RIGHTS = {
    "can_reply": _("Answer customers"),
    "can_read_messages": _("Mark messages as read"),
    "can_delete_sent_messages": _("Delete what it sent"),
    "can_delete_all_messages": _("Delete any message"),
}


@dataclass(frozen=True)
class Pane:
    """A person, and the chat they have open, if any. Without a person: somebody is still to be chosen."""

    person: SandboxPerson | None = None
    chat: SandboxChat | None = None

    def context(self, bot: SandboxBot) -> dict[str, Any]:
        """What the template needs."""
        everybody = SandboxPerson.objects.all()
        if self.person is None:
            return {"people": everybody}
        connection = people.connection_of(self.person)
        found = {
            "people": everybody,
            "languages": SandboxPerson.Language.choices,
            "person": self.person,
            "bot": bot,
            "connection": connection,
            "rights": [(name, words, name in connection.rights) for name, words in _RIGHTS.items()]
            if connection
            else [],
            "accounts": [
                row.owner
                for row in SandboxBusinessConnection.objects.filter(is_enabled=True).select_related("owner")
                if row.owner_id != self.person.pk
            ],
            "chat_list": chat_list.html(self.person, bot, self.chat.pk if self.chat else 0),
        }
        return found | (self._chat_context(self.person, self.chat, bot) if self.chat else {})

    def _chat_context(self, person: SandboxPerson, chat: SandboxChat, bot: SandboxBot) -> dict[str, Any]:
        is_shared = chat.is_group or chat.kind == SandboxChat.Kind.CHANNEL
        return {
            "chat": chat,
            "born": chat_page.born(chat),
            "icon": chat_list.icon_of(chat),
            "title": chat_list.title_of(chat, person, bot),
            "messages": chat_page.opening_messages(chat, person, bot),
            "is_with_bot": chat.person_id == person.pk,
            "is_shared": is_shared,
            "member_count": chat.members.count() if is_shared else 0,
            "strangers": SandboxPerson.objects.exclude(memberships=chat) if is_shared else [],
            "is_admin": is_shared
            and chat.sandboxmember_set.filter(person=person).exclude(status="member").exists(),
            "is_writable": people.may_write(person, chat),
        }


def panes_of(query: QueryDict) -> list[Pane]:
    """The panes that an address names: `pane=<person>` or `pane=<person>.<chat>`, up to three times.

    One without a person when it names none that exist.
    """
    found = []
    for given in query.getlist("pane")[:MAX_PANES]:
        match = _PANE.fullmatch(given)
        person = SandboxPerson.objects.filter(pk=match[1]).first() if match else None
        if match and person:
            found.append(pane_of(person, int(match[2]) if match[2] else None))
        elif given == "new":
            found.append(Pane())
    return found or [Pane()]


def pane_of(person: SandboxPerson, chat_id: int | None) -> Pane:
    """A person's pane with a chat open; with the list only when there is no such chat."""
    return Pane(person, chat_page.chat_of(person, chat_id) if chat_id else None)
