"""The stand-in's memory and its answers, apart from HTTP."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from typing import Any

import orjson
from aiohttp import web

from benchmarks.bot_api_stand_in import wire
from benchmarks.bot_api_stand_in.faults import Fault, Limits, RefusedError

FIRST_CHAT = 5_000_001
MAX_POLL_SECONDS = 50.0
SAYS = ("send", "edit", "copy", "forward")
SAYS_NOTHING = {"sendChatAction", "sendMessageDraft"}


class StandIn:
    """One pretended Telegram, for any bot token."""

    def __init__(self) -> None:
        self.updates: deque[tuple[int, bytes]] = deque()
        self.update_ids = itertools.count(1_000_001)
        self.message_ids: Counter[int] = Counter()
        self.calls: Counter[str] = Counter()
        self.ledger: list[tuple[float, str, int, str, int]] = []
        # Set when an update arrives, and when a newer poller takes over.
        self.wake_poller = asyncio.Event()
        self.polls = 0
        self.offset = 0
        self.webhook_url = ""
        self.is_token_revoked = False
        self.blocked: set[int] = set()
        self.fault = Fault()
        self.limits = Limits()

    # ── Bot API ───────────────────────────────────────────────────────────────────────────────────────────

    async def call(self, token: str, method: str, data: dict[str, Any], request: web.BaseRequest) -> Any:
        """Answer one call of the Bot API.

        Raises:
            RefusedError: an answer with `ok: false`.
        """
        self.calls[method] += 1
        bot_id = token.partition(":")[0]
        if self.is_token_revoked or not bot_id.isdigit():
            raise RefusedError(401, "Unauthorized")
        if method.startswith(SAYS) and method not in SAYS_NOTHING:
            return await self._say(int(bot_id), method, data, request)
        match method:
            case "getUpdates":
                return await self._get_updates(data)
            case "getMe":
                return wire.bot_user(int(bot_id))
            case "setWebhook":
                self.webhook_url = str(data.get("url", ""))
            case "deleteWebhook":
                self.webhook_url = ""
            case "getWebhookInfo":
                info = {"url": self.webhook_url, "has_custom_certificate": False}
                return info | {"pending_update_count": len(self.updates)}
            case "getMyCommands":
                return []
        return True

    async def _get_updates(self, data: dict[str, Any]) -> list[orjson.Fragment]:
        if self.webhook_url:
            raise RefusedError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self.polls += 1
        mine = self.polls
        self.wake_poller.set()
        self.offset = max(self.offset, int(data.get("offset") or 0))
        while self.updates and self.updates[0][0] < self.offset:
            self.updates.popleft()
        deadline = time.monotonic() + min(float(data.get("timeout") or 0), MAX_POLL_SECONDS)
        while not self.updates and mine == self.polls and (left := deadline - time.monotonic()) > 0:
            # A fresh event each time: the poller that was woken to leave must not swallow this one's call.
            self.wake_poller = asyncio.Event()
            try:
                await asyncio.wait_for(self.wake_poller.wait(), left)
            except TimeoutError:
                break
        if mine != self.polls:
            raise RefusedError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        batch = itertools.islice(self.updates, min(int(data.get("limit") or 100), 100))
        return [orjson.Fragment(raw) for _, raw in batch]

    async def _say(self, bot_id: int, method: str, data: dict[str, Any], request: web.BaseRequest) -> Any:
        chat = int(data.get("chat_id") or 0)
        if chat in self.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        self.limits.check(chat)
        struck = self.fault.strikes()
        if not struck or self.fault.recorded:
            message = self._record(bot_id, method, chat, data)
        if not struck:
            return [message] if method == "sendMediaGroup" else message
        match self.fault.kind:
            case "flood":
                raise RefusedError.flood(int(self.fault.seconds))
            case "refuse":
                raise RefusedError(400, "Bad Request: chat not found")
            case "drop" if request.transport is not None:
                request.transport.abort()
            case "hang":
                await asyncio.sleep(self.fault.seconds)
        raise RefusedError(500, "Internal Server Error")

    def _record(self, bot_id: int, method: str, chat: int, data: dict[str, Any]) -> dict[str, Any]:
        if method.startswith("edit"):
            number = int(data.get("message_id") or 0)
        else:
            number = self._next_message_id(chat)
        text = str(data.get("text") or data.get("caption") or "")
        self.ledger.append((time.time(), method, chat, text, number))
        return wire.outgoing(bot_id, method, chat, number, text)

    def _next_message_id(self, chat: int) -> int:
        self.message_ids[chat] += 1
        return self.message_ids[chat]

    # ── Control ───────────────────────────────────────────────────────────────────────────────────────────

    def control(self, action: str, data: dict[str, Any]) -> Any:
        """Answer one call of the control API; `client.StandInClient` has a method for each.

        Raises:
            RefusedError: there is no such action.
        """
        match action:
            case "load":
                return self._load(**data)
            case "push":
                return self._push(**data)
            case "ledger":
                return self.ledger
            case "state":
                return self._state()
            case "fault":
                self.fault = Fault(**data)
            case "limits":
                self.limits = Limits(**data)
            case "block":
                self.blocked = set(data["chats"])
            case "revoke":
                self.is_token_revoked = bool(data["revoked"])
            case _:
                raise RefusedError(404, "Not Found")
        return True

    def _load(self, updates: int, chats: int, text: str, first_chat: int = FIRST_CHAT) -> float:
        for n in range(updates):
            chat = first_chat + n % chats
            words = text.replace("{n}", str(n)).replace("{k}", str(n // chats))
            self._push("message", wire.incoming(chat, self._next_message_id(chat), words))
        return time.time()

    def _push(self, kind: str, content: dict[str, Any]) -> int:
        number = next(self.update_ids)
        self.updates.append((number, orjson.dumps({"update_id": number, kind: content})))
        self.wake_poller.set()
        return number

    def _state(self) -> dict[str, Any]:
        return {
            "unconfirmed": sum(number >= self.offset for number, _ in self.updates),
            "offset": self.offset,
            "said": len(self.ledger),
            "last_said_at": self.ledger[-1][0] if self.ledger else None,
            "calls": dict(self.calls),
            "too_fast": self.limits.refused,
        }
