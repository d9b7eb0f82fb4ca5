"""The left side of the inbox: tabs, search, who waits how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from telegrambot.accounts.service_admin import actor_of
from telegrambot.engine.admin import presentation
from telegrambot.engine.delivery import plain
from telegrambot.engine.models import Message
from telegrambot.inbox import lists
from telegrambot.inbox.lists import COUNTED_UP_TO, Tab
from telegrambot.inbox.models import Conversation

_SIZE = 40
# Who looks for something further down searches for it.
_MOST_PAGES = 25
_PREVIEW = 90
_TABS = {
    Tab.WAITING: pgettext_lazy("conversations", "Waiting"),
    Tab.MINE: pgettext_lazy("conversations", "Mine"),
    Tab.UNREAD: pgettext_lazy("conversations", "Unread"),
    Tab.OPEN: pgettext_lazy("conversations", "Open"),
    Tab.CLOSED: pgettext_lazy("conversations", "Closed"),
    Tab.ALL: pgettext_lazy("conversations", "All"),
}


@dataclass(frozen=True)
class Choice:
    """What of the inbox is listed: a tab, words to search for, a page."""

    tab: Tab
    words: str
    page: int

    @classmethod
    def read(cls, query: Any) -> Choice:
        """From an address; what makes no sense there is left out."""
        words = query.get("q", "").strip()[:200]
        tab, page = query.get("tab", ""), query.get("page", "")
        known = Tab(tab) if tab in set(Tab) else (Tab.ALL if words else Tab.WAITING)
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
        return cls(known, words, min(max(number, 1), _MOST_PAGES))

    def query(self, **other: Any) -> str:
        """As a part of an address, for other tabs and pages too."""
        found = {"tab": self.tab.value, "q": self.words, "page": self.page} | other
        return urlencode(
            {name: value for name, value in found.items() if value and (name, value) != ("page", 1)}
        )


@dataclass(frozen=True)
class Line:
    """A conversation in the list.

    Attributes:
        moment: how long the person waits; without that when something was said last.
    """

    row: Conversation
    url: str
    name: str
    preview: str
    moment: str
    is_chosen: bool


def context(request: HttpRequest, chosen: int | None = None) -> dict[str, Any]:
    """What the list shows. Two queries, three with words.

    Args:
        chosen: the conversation that is open beside it.
    """
    choice = Choice.read(request.GET)
    actor = actor_of(request)
    first = (choice.page - 1) * _SIZE
    rows = list(lists.listed(choice.tab, actor=actor, words=choice.words)[first : first + _SIZE + 1])
    counts = lists.counts(actor)
    numbers = {Tab.WAITING: counts.waiting, Tab.MINE: counts.mine, Tab.UNREAD: counts.unread}
    query, now = choice.query(), timezone.now()
    return {
        "choice": choice,
        "query": query,
        "tabs": [
            (
                words,
                f"?{choice.query(tab=tab.value, page=1)}",
                _in_words(numbers.get(tab, 0)),
                tab == choice.tab,
            )
            for tab, words in _TABS.items()
        ],
        "rows": [_line(row, query, now, chosen) for row in rows[:_SIZE]],
        "unread": counts.unread,
        "newer": f"?{choice.query(page=choice.page - 1)}" if choice.page > 1 else "",
        "older": f"?{choice.query(page=choice.page + 1)}"
        if len(rows) > _SIZE and choice.page < _MOST_PAGES
        else "",
        "empty": _nothing(choice),
    }


def _line(row: Any, query: str, now: datetime, chosen: int | None) -> Line:
    url = reverse("admin:inbox_conversation_change", args=[row.pk])
    since = row.waiting_since or row.last_activity
    return Line(
        row=row,
        url=f"{url}?{query}",
        name=str(row.dialog.person or row.dialog),
        preview=_preview(row),
        moment=_("just now") if (now - since).total_seconds() < 60 else timesince(since, now, depth=1),
        is_chosen=row.pk == chosen,
    )


def _preview(row: Any) -> str:
    if not row.dialog.keep_history:
        return _("No history is kept")
    outbound = row.last_direction == Message.Direction.OUTBOUND
    text = " ".join((plain(row.last_text) if outbound else row.last_text).split())
    if row.last_type not in {"", "text"}:
        text = f"[{presentation.message_type(row.last_type)}] {text}"
    return f"{'↩ ' if outbound else ''}{Truncator(text.strip()).chars(_PREVIEW)}"


def _in_words(number: int) -> str:
    if number >= COUNTED_UP_TO:
        return f"{COUNTED_UP_TO - 1}+"
    return str(number) if number else ""


def _nothing(choice: Choice) -> str:
    if choice.words:
        return _("Nothing is found. Perhaps another tab has it.")
    if choice.tab is Tab.WAITING:
        return _("Nobody waits for an answer.")
    return _("Nothing here.")
