"""Background jobs in words: every app says what its tasks do, for people who look at the list of jobs.

describe("telegrambot.broadcasts.tasks.prepare", _("Prepare broadcast {broadcast_id}"))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_words: dict[str, Any] = {}


def describe(task_name: str, sentence: Any) -> None:
    """Say what a task does.

    Args:
        task_name: as Procrastinate knows it (module and function).
        sentence: translatable; `{name}` stands for the task's argument of that name.
    """
    _words[task_name] = sentence


def in_words(task_name: str, arguments: Mapping[str, Any]) -> str:
    """What a job does and for whom; the function's own name when nobody described it."""
    sentence = _words.get(task_name)
    if sentence is None:
        return task_name.rpartition(".")[2].replace("_", " ").capitalize()
    try:
        return str(sentence).format(**arguments)
    except KeyError:
        # Deferred by an older release, whose task had other arguments.
        return str(sentence)


def described() -> list[str]:
    """The names of all tasks that were described."""
    return sorted(_words)
