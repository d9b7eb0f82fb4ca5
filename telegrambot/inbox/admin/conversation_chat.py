"""The middle of the inbox: what was said, who said it, what did not arrive; and who else looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from audit.actors import names
from telegrambot.engine.admin import conversation as history
from telegrambot.engine.media import MediaFile
from telegrambot.engine.models import Message
from telegrambot.engine.resending import was_sent_again
from telegrambot.inbox import answering
from telegrambot.inbox.models import Conversation
from telegrambot.inbox.presence import Present

# The timeline beside it has a place in the address too.
BEFORE = "before"
_PICTURES = {"photo", "sticker"}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Picture:
    """A file of a bubble; without `preview` only its name is shown."""

    file: MediaFile
    url: str
    preview: str


@dataclass(frozen=True)
class Line:
    """A bubble with what an operator has to know of it.

    Attributes:
        author: the operator who wrote it; empty for what the bot or a person said.
        problem: why it did not arrive.
        is_repeated: whether it was sent again.
    """

    bubble: history.Bubble
    author: str
    problem: str
    files: Sequence[Picture]
    is_repeated: bool

    @property
    def may_be_sent_again(self) -> bool:
        """Whether an operator may send it once more."""
        status = self.bubble.message.status
        return status in {Message.Status.FAILED, Message.Status.UNCERTAIN} and not self.is_repeated

    @property
    def may_be_settled(self) -> bool:
        """Whether an operator may say that it arrived."""
        return self.bubble.message.status == Message.Status.UNCERTAIN


def context(found: Conversation, request: HttpRequest) -> dict[str, Any]:
    """What the chat shows: a page of bubbles. A constant number of queries."""
    place = request.GET.get(BEFORE, "")
    page = history.read(said_in(found), ("timestamp", "pk"), place)
    authors = {bubble.message.pk: answering.author_of(bubble.message) for bubble in page.bubbles}
    called = names(key for key in authors.values() if key)
    seen = [
        row.pk
        for bubble in page.bubbles
        for row in (bubble.message, *(change for change, _text in bubble.revisions))
    ]
    return {
        "conversation": found,
        "standing": standing(found),
        "history": page,
        "lines": [_line(bubble, called.get(authors[bubble.message.pk], "")) for bubble in page.bubbles],
        "newest": max(seen, default=0),
        "is_newest": page.is_newest,
    }


def said_in(found: Conversation) -> QuerySet[Any]:
    """The messages of the chat, without what is sealed."""
    messages = Message.objects.filter(dialog=found.dialog_id).defer("sealed")
    return messages.annotate(is_repeated=was_sent_again())


def standing(found: Conversation) -> str:
    """Whether they wait, and who answers."""
    if not found.is_active:
        state = _("closed")
    elif found.waiting_since is None:
        state = _("answered")
    elif timezone.now() - found.waiting_since < _MINUTE:
        state = _("has just begun to wait")
    else:
        state = _("waiting for {since}").format(since=timesince(found.waiting_since, depth=1))
    return f"{state} · {f'→ {found.assigned_to}' if found.assigned_to else _('assigned to nobody')}"


def in_words(others: Sequence[Present]) -> str:
    """Who else has the conversation open, as one sentence; empty when nobody has."""
    typing = ", ".join(other.name for other in others if other.is_typing)
    looking = ", ".join(other.name for other in others if not other.is_typing)
    sentences = [
        _("Typing an answer: {names}.").format(names=typing) if typing else "",
        _("Looking at this too: {names}.").format(names=looking) if looking else "",
    ]
    return " ".join(filter(None, sentences))


def _line(bubble: history.Bubble, author: str) -> Line:
    message: Any = bubble.message
    problem = answering.problem_of(message) if bubble.is_outbound else ""
    return Line(
        bubble, author, problem, [_picture(message, file) for file in bubble.files], message.is_repeated
    )


def _picture(message: Message, file: MediaFile) -> Picture:
    def address(size: str) -> str:
        return reverse("admin:engine_message_media", args=[message.pk, file.position, size])

    if file.has_thumbnail:
        return Picture(file, address("file"), address("thumbnail"))
    return Picture(file, address("file"), address("file") if file.kind in _PICTURES else "")
