"""The engine's tables."""

from __future__ import annotations

from telegrambot.engine.models.dialogs import Dialog
from telegrambot.engine.models.jobs import BackgroundJob, JobFailure
from telegrambot.engine.models.messages import FetchedMedia, Message, OutgoingFile, Priority
from telegrambot.engine.models.operation import (
    BotIdentity,
    CommandMenu,
    DialogPace,
    FailureKind,
    Heartbeat,
    RateBucket,
    RollupCursor,
)
from telegrambot.engine.models.updates import InboundUpdate, ProcessedMessage

__all__ = [
    "BackgroundJob",
    "BotIdentity",
    "CommandMenu",
    "Dialog",
    "DialogPace",
    "FailureKind",
    "FetchedMedia",
    "Heartbeat",
    "InboundUpdate",
    "JobFailure",
    "Message",
    "OutgoingFile",
    "Priority",
    "ProcessedMessage",
    "RateBucket",
    "RollupCursor",
]
