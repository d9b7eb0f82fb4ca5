"""Views that record what they do, or misbehave."""

from __future__ import annotations

import os
import signal

from telegrambot.engine.chat import ChatRequest, Reply, command, escape
from tests.crash.app.models import Effect


@command("record", description="Leave a trace and answer")
def record(request: ChatRequest) -> Reply:
    """Have one effect and one reply."""
    Effect.objects.create(chat=int(request.dialog.telegram_dialog_id), text=request.rest)
    return Reply(escape(request.rest))


@command("die", description="Kill the process")
def die(request: ChatRequest) -> Reply:
    """Have an effect, and never come back."""
    Effect.objects.create(chat=int(request.dialog.telegram_dialog_id), text="died")
    os.kill(os.getpid(), signal.SIGKILL)
    return Reply("unreachable")
