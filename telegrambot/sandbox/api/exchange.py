"""One call from its parameters to its answer: faults first, then the method, then a line in the log."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.db import DatabaseError

from telegrambot.sandbox import call_log, faults
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import ApiError, NotFound
from telegrambot.sandbox.api.methods import METHODS
from telegrambot.sandbox.api.parameters import Parameters
from telegrambot.sandbox.faults import Fault, Kind
from telegrambot.sandbox.models import SandboxBot

logger = logging.getLogger(__name__)

POLL = "getUpdates"
# Hanging calls hold threads of the web server, which the page needs too: more are dropped at once.
_places_to_hang = threading.BoundedSemaphore(6)


@dataclass(frozen=True)
class Answer:
    """HTTP status and body."""

    body: dict[str, Any]
    status: int = 200


@dataclass
class Exchange:
    """A call of `name` (as the documentation writes it, when the sandbox knows it)."""

    bot: SandboxBot
    name: str
    parameters: Parameters
    started_at: float = field(default_factory=perf_counter)

    def carry_out(self) -> Answer | None:
        """The answer; None when the caller must get none and the connection is to be dropped."""
        fault = faults.next_for(self.name)
        answer = self._under(fault) if fault else self._acted()
        if self.name == POLL and fault is None and answer and answer.status == 200:
            # It may have waited for long: what was switched on meanwhile hits it too.
            fault = faults.next_for(self.name)
            answer = self._late(fault, answer) if fault else answer
        self._log(answer, fault)
        return answer

    def _under(self, fault: Fault) -> Answer | None:
        refusal = fault.refusal()
        if refusal is not None:
            return _refused(refusal)
        if fault.kind in {Kind.DROP_BEFORE, Kind.DOWN}:
            return None
        if fault.kind == Kind.DROP_AFTER:
            self._acted()
            return None
        if not _places_to_hang.acquire(blocking=False):
            return None
        try:
            # Telegram, too, may have acted long before it answers: the message is there, the bot waits.
            answer = self._acted()
            faults.hang(fault)
            return answer
        finally:
            _places_to_hang.release()

    @staticmethod
    def _late(fault: Fault, answer: Answer) -> Answer | None:
        refusal = fault.refusal()
        if refusal is not None:
            return _refused(refusal)
        return answer if fault.kind == Kind.HANG else None

    def _acted(self) -> Answer:
        function = METHODS.get(self.name)
        try:
            if function is None:
                raise NotFound("method not found")
            return Answer({"ok": True, "result": function(Call(self.bot, self.parameters))})
        except ApiError as error:
            return _refused(error)
        except DatabaseError:
            # Telegram, too, has bad moments; the caller sees one in Telegram's form.
            logger.exception("The sandbox could not answer %s", self.name)
            return _refused(ApiError())

    def _log(self, answer: Answer | None, fault: Fault | None) -> None:
        duration = (perf_counter() - self.started_at) * 1000
        body: Any = answer.body if answer else None
        if self.name == POLL and answer and answer.status == 200:
            updates = answer.body["result"]
            if not updates and fault is None:
                # A poll that brought nothing every half minute would push everything else out.
                return
            call_log.tell_updates(updates)
            body = {"ok": True, "result": [update["update_id"] for update in updates]}
        call_log.tell_call(
            self.name,
            self.parameters.shown(),
            answer=body,
            status=answer.status if answer else 0,
            duration_ms=duration,
            fault=fault.kind if fault else "",
        )


def _refused(error: ApiError) -> Answer:
    return Answer(error.body, error.error_code)
