"""What a draft is made from: one person's conversation, and what may be told to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.knowledge import Excerpt


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation."""

    text: str
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A draft of before, and what an operator made of it.

    Attributes:
        suggested: what the model wrote.
        sent: what the operator sent instead; empty when it was rejected.
        reason: why it was rejected, in the operator's words.
        is_same_person: it was for the person who writes now. Of drafts for other people a prompt takes
            nothing but the reason: their texts speak of somebody else.
    """

    suggested: str = ""
    sent: str = ""
    reason: str = ""
    is_same_person: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """All that a model may know.

    Attributes:
        lines: the latest messages of this one chat, oldest first.
        language: in which to answer ("ru", "en"); anything else: in that of the last message, unchecked.
        person: who writes; None in a trial.
        summary: of what was said long ago; its end and the beginning of `lines` may overlap.
        excerpts: what the knowledge sources found, best first.
        examples: newest first.
    """

    lines: Sequence[Line]
    language: str = ""
    person: TelegramUser | None = None
    summary: str = ""
    excerpts: Sequence[Excerpt] = ()
    examples: Sequence[Example] = ()

    @property
    def question(self) -> str:
        """What the person wrote since our last answer."""
        asked = list(takewhile(lambda line: not line.is_ours, reversed(self.lines)))
        return "\n".join(line.text for line in reversed(asked))
