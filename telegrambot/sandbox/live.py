"""What one open window watches: up to three people's chats, the faults, and the log when it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from telegrambot.sandbox import chat_list, chat_page, faults, log_lines
from telegrambot.sandbox.call_log import call_log
from telegrambot.sandbox.command_menu import commands_for
from telegrambot.sandbox.models import SandboxBot, SandboxChat, SandboxFault, SandboxMember, SandboxPerson

MAX_PANES = 3
LOG_LINES = 100
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_PANE = re.compile(r"(\d{1,18})\.(-?\d{1,18})\.(\d{1,18})(?:\.(\d{1,18}))?", re.ASCII)
News = tuple[str, dict[str, Any]]


@dataclass
class Told:
    """Remembers what was said, to say only what is new."""

    _known: dict[str, Any] = field(default_factory=dict)

    def untold(self, state: dict[str, Any]) -> dict[str, Any]:
        """The part of `state` that differs from what was said before."""
        changed = {name: value for name, value in state.items() if self._known.get(name) != value}
        self._known |= changed
        return changed


@dataclass
class PaneWatch:
    """One person's chats; `chat_id` 0: only the list is open; `born` 0: the chat was not there yet."""

    person_id: int
    chat_id: int
    revision: int
    born: int = 0
    _told: Told = field(default_factory=Told)

    def news(self, bot: SandboxBot) -> dict[str, Any]:
        """What this pane has not been told yet; empty when it knows everything."""
        person = SandboxPerson.objects.filter(pk=self.person_id).first()
        chat = chat_page.chat_of(person, self.chat_id) if person and self.chat_id else None
        if person is None or (self.chat_id and chat is None):
            return self._told.untold({"gone": True})
        if chat and self.born not in {0, chat_page.born(chat)}:
            return self._told.untold({"anew": True})
        news = self._told.untold({"list": chat_list.html(person, bot, self.chat_id)})
        return news | self._chat_news(chat, person, bot) if chat else news

    def _chat_news(self, chat: SandboxChat, person: SandboxPerson, bot: SandboxBot) -> dict[str, Any]:
        state = chat_page.changes(chat, person, bot, self.revision)
        self.revision, self.born = state["revision"], chat_page.born(chat)
        state["born"] = self.born
        events = {name: state.pop(name) for name in ("messages", "answers")}
        state["commands"] = commands_for(person, chat, is_administrator=_administers(person, chat))
        return self._told.untold(state) | {name: rows for name, rows in events.items() if rows}


@dataclass
class Window:
    """Everything one window watches. `position` says how far it has come, for the next connection."""

    panes: list[PaneWatch]
    log_since: int | None = None
    """The newest line of the log that it has; None: the log is not shown."""
    _told: Told = field(default_factory=Told)

    @classmethod
    def of(cls, query: QueryDict, position: str = "") -> Window:
        """Read what a window asks for.

        Args:
            query: `pane=<person>.<chat>.<revision>.<born>`, up to three times; `log=<newest line>` to have
                the log.
            position: where an earlier connection of the same window ended.
        """
        found = [match for given in query.getlist("pane") if (match := _PANE.fullmatch(given))]
        panes = [
            PaneWatch(int(match[1]), int(match[2]), int(match[3]), int(match[4] or 0))
            for match in found[:MAX_PANES]
        ]
        log = query.get("log", "")
        window = cls(panes, int(log) if _NUMBER.fullmatch(log) else None)
        window._go_on_from(position.split("."))
        return window

    def _go_on_from(self, reached: list[str]) -> None:
        if len(reached) != len(self.panes) + 1 or not all(map(_NUMBER.fullmatch, reached)):
            return
        for pane, revision in zip(self.panes, reached[1:], strict=True):
            pane.revision = max(pane.revision, int(revision))
        if self.log_since is not None:
            self.log_since = max(self.log_since, int(reached[0]))

    @property
    def position(self) -> str:
        """What the browser sends back as Last-Event-ID."""
        return ".".join(map(str, [self.log_since or 0, *(pane.revision for pane in self.panes)]))

    def news(self) -> Iterator[News]:
        """What the window has not been told yet."""
        bot = SandboxBot.objects.current()
        for number, pane in enumerate(self.panes):
            if told := pane.news(bot):
                yield "pane", {"pane": number, **told}
        if told := self._told.untold(_switches(bot)):
            yield "switches", told
        if self.log_since is not None and (entries := call_log(self.log_since, LOG_LINES)):
            self.log_since = entries[0].pk
            yield "log", {"lines": [log_lines.line(entry) for entry in reversed(entries)]}


def _administers(person: SandboxPerson, chat: SandboxChat) -> bool:
    if not chat.is_group:
        return False
    member = SandboxMember.objects.filter(chat=chat, person=person).first()
    return member is not None and member.is_admin


def _switches(bot: SandboxBot) -> dict[str, Any]:
    return {
        "faults": [_fault(fault) for fault in faults.active()],
        "limits": bot.limits_enabled,
        "privacy": bot.privacy_mode,
    }


def _fault(fault: SandboxFault) -> dict[str, Any]:
    return {
        "method": fault.method,
        "kind": str(fault.get_kind_display()),
        "remaining": fault.remaining,
        "seconds": fault.seconds,
    }
