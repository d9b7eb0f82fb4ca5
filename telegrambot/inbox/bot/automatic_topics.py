"""Topics of which answers may go out without a person, wherever they are asked for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import MAX_LABEL, Button, ChatRequest, Reply, button, page
from telegrambot.inbox.desk import dialogs, topics
from telegrambot.inbox.desk.topics import Topic
from telegrambot.vault import settings_store

# Longer ones do not fit on a button; they are switched in the browser.
MAX_TOPIC = 42


@button(role=Role.ADMIN, command="auto")
def list_topics(request: ChatRequest, number: int = 0) -> Reply:
    """A page of topics, with what each has earned; a press switches one."""
    return _page(number)


@button(role=Role.ADMIN, command="auto")
def set_topic(request: ChatRequest, topic: str, is_on: int) -> Reply:
    """Let answers about a topic go out without a person, or not."""
    title = next((known.title for known in topics.read() if known.topic == topic), topic)
    dialogs.set_automatic_topic(topic, title, bool(is_on), actor=request.person)
    return _page(0)


def _page(number: int) -> Reply:
    from telegrambot.inbox.bot import auto  # it leads here

    known = [topic for topic in topics.read() if len(topic.topic) <= MAX_TOPIC]
    items, arrows = page(known, number, list_topics)
    back = [Button(_("‹ All chats"), auto.overview)]
    title = f"<b>{_('Topics')}</b>"
    if not items:
        return Reply(f"{title}\n\n{_('No draft was made from a guide yet.')}", [back], leaves=True)
    text = _("🤖 is answered without a person wherever it is asked for. Press a topic to switch it.")
    rows = [[Button(_label(item), set_topic, item.topic, int(not item.is_active))] for item in items]
    return Reply(f"{title}\n\n{text}", [*rows, arrows, back], leaves=True)


def _label(item: Topic) -> str:
    needed = settings_store.get("drafting.approvals_needed", int)
    if item.is_active:
        mark, tail = "🤖", ""
    elif item.earned >= needed:
        mark, tail = "🎓", ""
    else:
        mark, tail = "✍️", f" · {item.earned}/{needed}"
    return f"{mark} {item.title[: MAX_LABEL - len(tail) - 3]}{tail}"
