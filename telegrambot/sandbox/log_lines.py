"""The log of calls and updates as the page shows it: one line each, with everything behind a fold."""

from __future__ import annotations

from typing import Any

from telegrambot.sandbox.models import SandboxLogEntry

_LONGEST = 120


def line(entry: SandboxLogEntry) -> dict[str, Any]:
    """One entry for the page."""
    return {
        "id": entry.pk,
        "kind": entry.kind,
        "name": entry.name,
        "summary": summary(entry)[:_LONGEST],
        "status": entry.status,
        "fault": entry.fault,
        "ms": round(entry.duration_ms),
        "at": entry.happened_at.isoformat(),
        "content": entry.content,
        "answer": entry.answer,
    }


def summary(entry: SandboxLogEntry) -> str:
    """What it was about, in one line: why it was refused, else to or from whom, and the words."""
    answer = entry.answer if isinstance(entry.answer, dict) else {}
    if answer.get("description"):
        return str(answer["description"])
    content = entry.content if isinstance(entry.content, dict) else {}
    if entry.kind == SandboxLogEntry.Kind.CALL:
        words = content.get("text") or content.get("caption") or content.get("action") or ""
        return _joined("→", content.get("chat_id"), words)
    inner = content.get(entry.name)
    update = inner if isinstance(inner, dict) else {}
    sender = update.get("from") or update.get("sender_chat") or update.get("user") or {}
    words = update.get("text") or update.get("caption") or update.get("data") or ""
    return _joined(sender.get("first_name") or sender.get("title"), words)


def _joined(*parts: object) -> str:
    given = [" ".join(str(part).split()) for part in parts if part]
    return "" if given == ["→"] else " ".join(given)
