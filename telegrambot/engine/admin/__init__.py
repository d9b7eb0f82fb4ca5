"""The engine's face in the browser: what came in, what went out, and what operators decide about it."""

from __future__ import annotations

from telegrambot.engine.admin import first_steps, job_words, person_cards  # noqa: F401  (each adds its own)
from telegrambot.engine.admin.dialogs import DialogAdmin
from telegrambot.engine.admin.jobs import JobAdmin
from telegrambot.engine.admin.messages import MessageAdmin
from telegrambot.engine.admin.processed import ProcessedMessageAdmin
from telegrambot.engine.admin.updates import InboundUpdateAdmin

__all__ = ["DialogAdmin", "InboundUpdateAdmin", "JobAdmin", "MessageAdmin", "ProcessedMessageAdmin"]
