"""The other side of the stand-in's control API, for tests and measurements."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, NamedTuple


class Said(NamedTuple):
    """One message that reached "Telegram", in order of arrival; `at` is in seconds since the epoch."""

    at: float
    method: str
    chat: int
    text: str
    message_id: int


@dataclass(frozen=True)
class StandInClient:
    """Tells a running stand-in what to do, and asks what it got."""

    port: int

    @property
    def url(self) -> str:
        """Its root: the bot's TELEGRAM_API_URL."""
        return f"http://127.0.0.1:{self.port}"

    def control(self, action: str, **data: Any) -> Any:
        """Call the control API."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                "POST", f"/control/{action}", json.dumps(data), {"Content-Type": "application/json"}
            )
            return json.load(connection.getresponse())["result"]
        finally:
            connection.close()

    def reset(self) -> None:
        """Forget everything."""
        self.control("reset")

    def load(self, updates: int, *, chats: int, text: str, **where: int) -> float:
        """Let people write, round robin over the chats; returns when that was.

        Args:
            updates: how many messages.
            chats: from how many people.
            text: what they write; `{n}` counts all messages, `{k}` those of one chat.
            **where: `first_chat`, the id of the first person.
        """
        return float(self.control("load", updates=updates, chats=chats, text=text, **where))

    def push(self, kind: str, content: dict[str, Any]) -> int:
        """Queue one update of any kind; returns its id."""
        return int(self.control("push", kind=kind, content=content))

    def fault(self, **fault: Any) -> None:
        """Let calls that send go wrong; see `faults.Fault` for the arguments, none switches it off."""
        self.control("fault", **fault)

    def limits(self, **limits: float) -> None:
        """Enforce limits on sending; see `faults.Limits` for the arguments, none switches them off."""
        self.control("limits", **limits)

    def block(self, *chats: int) -> None:
        """Let exactly these people have blocked the bot."""
        self.control("block", chats=chats)

    def revoke(self, revoked: bool = True) -> None:
        """Refuse every token, or accept them again."""
        self.control("revoke", revoked=revoked)

    def state(self) -> dict[str, Any]:
        """How many updates are unconfirmed, what was said, how often each method was called."""
        return dict(self.control("state"))

    def ledger(self) -> list[Said]:
        """Everything the bot said."""
        return [Said(*entry) for entry in self.control("ledger")]

    def said_by_chat(self) -> dict[int, list[str]]:
        """The texts each chat got, in order."""
        chats: dict[int, list[str]] = defaultdict(list)
        for said in self.ledger():
            chats[said.chat].append(said.text)
        return chats

    def wait_until_said(self, count: int, *, seconds: float) -> dict[str, Any]:
        """Wait until the bot has said `count` things.

        Raises:
            TimeoutError: it did not in `seconds`.
        """
        deadline = time.monotonic() + seconds
        while (state := self.state())["said"] < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"The bot said {state['said']} of {count} in {seconds:.0f} s: {state}")
            time.sleep(0.05)
        return state
