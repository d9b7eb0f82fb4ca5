"""Try a model out: a question of one's own, an answer that nobody gets, and what it took."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine import knowledge
from telegrambot.inbox.desk import asking, limits
from telegrambot.inbox.desk.choices import Choice
from telegrambot.inbox.desk.exceptions import NothingAsked
from telegrambot.inbox.drafting import drafts as drafting
from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.drafts import Drafted


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model made of a question.

    Attributes:
        milliseconds: how long it took.
    """

    drafted: Drafted
    milliseconds: int


def run(choice: Choice, question: str) -> Generator[str, None, Trial]:
    """Draft an answer to a question as a stranger would ask it. Nothing is kept of it but what it cost.

    Yields what the model has written so far, unchecked; closing the generator ends the request.

    Raises:
        NothingAsked: the question is empty.
        DailyLimitReached: today's tokens or money are used up.
        DraftingError: one of its kinds.
    """
    question = question.strip()
    if not question:
        raise NothingAsked
    limits.require_room()
    # Nobody in particular: only what every reader may know is found.
    excerpts = knowledge.search(question, TelegramUser(role=Role.PUBLIC))
    request = asking.request(choice, Context([Line(question)], excerpts=excerpts))
    with asking.Call() as call:
        call.choice = choice
        drafted = yield from drafting.stream(request, call.meter)
    return Trial(drafted, call.milliseconds)
