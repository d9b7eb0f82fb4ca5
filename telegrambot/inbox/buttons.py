"""Buttons below an answer: links, and commands that everybody may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telegrambot.accounts.roles import Role
from telegrambot.engine.bot import run_command
from telegrambot.engine.chat import Button
from telegrambot.engine.links import is_https_link
from telegrambot.engine.routing import registry
from telegrambot.inbox.exceptions import WrongButton

MAX_LABEL = 60  # Telegram cuts longer ones off.


def read(rows: Sequence[Sequence[Mapping[str, str]]]) -> list[list[Button]]:
    """Make buttons of what a form sent: `{"text": …, "url": …}` or `{"text": …, "command": …}`.

    Raises:
        WrongButton: a label is missing or too long, a link is no https link, a command is none.
    """
    return [[_button(button) for button in row] for row in rows if row]


def _button(button: Mapping[str, str]) -> Button:
    label = button.get("text", "").strip()
    url, command = button.get("url", "").strip(), button.get("command", "").strip().removeprefix("/")
    if not label or len(label) > MAX_LABEL or bool(url) == bool(command):
        raise WrongButton(label=label, most=MAX_LABEL)
    if command:
        route = registry.commands.get(command)
        if route is None or route.role > Role.PUBLIC:
            raise WrongButton(label=label, most=MAX_LABEL)
        return Button(label, run_command, command)
    if not is_https_link(url):
        raise WrongButton(label=label, most=MAX_LABEL)
    return Button(label, url=url)
