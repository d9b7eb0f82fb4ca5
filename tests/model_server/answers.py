"""What the provider does with one request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# How a connection ends, or does not end.
HANG, DROP, CUT, DRIP = "hang", "drop", "cut", "drip"


@dataclass(frozen=True)
class Answer:
    """One answer, or what happens instead.

    Attributes:
        text: what the model writes, word by word when it streams.
        finish: "stop", "length", "refusal" or, for a stream that just ends, "".
        status: of an error, with `code` in its body.
        body: sent as it is, as `content_type`.
        events: sent as the stream's events, as they are.
        trouble: HANG (nothing ever comes), DROP (the connection is closed before the answer), CUT (and after
            half of it), DRIP (half of it, and then signs of life for ever).
        has_usage: whether the tokens are told.
        pause: seconds before each piece of a stream.
    """

    text: str = "Hello! A colleague will answer soon."
    finish: str = "stop"
    status: int = 200
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    content_type: str = "application/json"
    events: tuple[str, ...] | None = None
    trouble: str = ""
    tokens_in: int = 120
    tokens_out: int = 12
    has_usage: bool = True
    pause: float = 0.0

    @property
    def pieces(self) -> list[str]:
        """The text as it is streamed."""
        return re.findall(r"\s*\S+|\s+\Z", self.text)


@dataclass(frozen=True)
class Received:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def said(self) -> str:
        """All that the model was given to read."""
        messages = [message["content"] for message in self.body.get("messages", [])]
        return "\n".join([str(self.body.get("system", "")), *messages])
