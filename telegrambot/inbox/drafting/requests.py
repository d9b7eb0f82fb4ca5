"""What is asked of a model, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass

from telegrambot.inbox.drafting.context import Context
from telegrambot.inbox.drafting.endpoints import Endpoint
from telegrambot.inbox.drafting.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take and be.

    Attributes:
        connect_seconds: until there is a connection.
        idle_seconds: between two signs of life.
        total_seconds: until the whole answer is there, whatever happens.
        max_tokens: of the answer.
        max_prompt_tokens: of what the model reads.
        max_characters: of the answer; Telegram takes 4,096.
    """

    connect_seconds: float = 5.0
    idle_seconds: float = 30.0
    total_seconds: float = 90.0
    max_tokens: int = 1000
    max_prompt_tokens: int = 8000
    max_characters: int = 3500


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """What a draft is asked for with.

    Attributes:
        instructions: the operators' own system prompt.
        temperature: None leaves it to the model; some accept none at all.
    """

    endpoint: Endpoint
    model: str
    context: Context
    instructions: str = ""
    temperature: float | None = None
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What goes over the wire."""

    endpoint: Endpoint
    model: str
    prompt: Prompt
    temperature: float | None
    limits: Limits
