"""Who waits for an answer, the longest first."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, phrase
from telegrambot.engine.paging import PAGE
from telegrambot.inbox import duty, lists
from telegrambot.inbox.bot import screens, undecided
from telegrambot.inbox.lists import Tab
from telegrambot.inbox.models import Conversation

MAX_LABEL = 60  # Telegram cuts longer ones off.
_TITLES = {
    Tab.WAITING: gettext_lazy("Waiting for an answer"),
    Tab.MINE: gettext_lazy("Mine"),
    Tab.OPEN: gettext_lazy("All open ones"),
}


@phrase(r"inbox|входящие", role=Role.ADMIN, command="inbox")
@command("inbox", description=gettext_lazy("Who waits for an answer"), role=Role.ADMIN)
@button(role=Role.ADMIN, command="inbox")
def waiting(request: ChatRequest, number: int = 0) -> Reply:
    """A page of those who wait."""
    return _page(request, Tab.WAITING, number)


@button(role=Role.ADMIN, command="inbox")
def mine(request: ChatRequest, number: int = 0) -> Reply:
    """A page of the operator's own."""
    return _page(request, Tab.MINE, number)


@button(role=Role.ADMIN, command="inbox")
def all_open(request: ChatRequest, number: int = 0) -> Reply:
    """A page of all open ones."""
    return _page(request, Tab.OPEN, number)


@button(role=Role.ADMIN, command="inbox")
def set_notices(request: ChatRequest, is_on: int) -> Reply:
    """Switch the operator's notices on or off."""
    duty.set_notices(bool(is_on), actor=request.person)
    reply = _page(request, Tab.WAITING, 0)
    reply.toast = (
        _("You will hear of everybody who waits.") if is_on else _("You will not hear of who waits.")
    )
    return reply


def _page(request: ChatRequest, tab: Tab, number: int) -> Reply:
    number = max(0, number)
    # One more than a page tells whether there is another: nothing has to be counted.
    found = lists.listed(tab, actor=request.person)[number * PAGE : (number + 1) * PAGE + 1]
    rows = list(found)
    items, has_more = rows[:PAGE], len(rows) > PAGE
    counts = lists.counts(request.person)
    views = {Tab.WAITING: waiting, Tab.MINE: mine, Tab.OPEN: all_open}
    arrows = [Button("‹", views[tab], number - 1)] if number else []
    if has_more:
        arrows.append(Button("›", views[tab], number + 1))
    tabs = [
        Button(f"{_TITLES[other]}{f' ({n})' if (n := _count(counts, other)) else ''}", views[other])
        for other in views
        if other is not tab
    ]
    has_notices = duty.has_notices(request.person)
    label = _("🔕 No notices, please") if has_notices else _("🔔 Tell me who waits")
    return Reply(
        _heading(tab, counts, is_empty=not items),
        [
            *([Button(_label(item), screens.show, item.pk)] for item in items),
            arrows,
            *undecided.rows(),
            tabs,
            [Button(label, set_notices, int(not has_notices))],
        ],
        leaves=True,
    )


def _heading(tab: Tab, counts: lists.Counts, *, is_empty: bool) -> str:
    title = f"<b>{_TITLES[tab]}</b>"
    if tab is Tab.WAITING and not is_empty:
        many = ngettext("{count} person waits.", "{count} people wait.", counts.waiting)
        return f"{title}\n\n{many.format(count=_number(counts.waiting))}"
    if is_empty:
        text = _("Nobody waits for an answer.") if tab is Tab.WAITING else _("There is nothing here.")
        return f"{title}\n\n{text}"
    return title


def _label(conversation: Conversation) -> str:
    mark = "🔵" if conversation.unread_count else "⚪️"
    since = conversation.waiting_since
    tail = f" · {screens.ago(since)}" if since is not None else ""
    name = str(conversation.dialog.person or conversation.dialog)
    return f"{mark} {name[: MAX_LABEL - len(tail) - 3]}{tail}"


def _count(counts: lists.Counts, tab: Tab) -> str:
    value = {Tab.WAITING: counts.waiting, Tab.MINE: counts.mine}.get(tab, 0)
    return _number(value) if value else ""


def _number(value: int) -> str:
    return f"{lists.COUNTED_UP_TO - 1}+" if value >= lists.COUNTED_UP_TO else str(value)
