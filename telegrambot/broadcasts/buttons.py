"""The buttons below a broadcast: links, guides, commands."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.links import is_https_link

MAX_ROWS, MAX_IN_ROW, MAX_LABEL = 8, 3, 40
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What a button may do, and how its value is checked.
KINDS = ("url", "command", "link")


def validate_buttons(rows: Any) -> None:
    """Refuse what cannot become buttons: rows of `{"text": …, "url" | "command" | "link": …}`.

    Raises:
        ValidationError: a sentence that names the button.
    """
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise ValidationError(_("Buttons are a list of at most %(most)d rows.") % {"most": MAX_ROWS})
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or not 0 < len(row) <= MAX_IN_ROW:
            raise ValidationError(
                _("Row %(number)d: one to %(most)d buttons stand in a row.")
                % {"number": number, "most": MAX_IN_ROW}
            )
        for button in row:
            _validate(number, button)


def _validate(number: int, button: Any) -> None:
    if not isinstance(button, dict) or set(button) - {"text", *KINDS}:
        raise ValidationError(_("Row %(number)d: a button is a label and what it does.") % {"number": number})
    text, chosen = button.get("text"), [kind for kind in KINDS if button.get(kind)]
    if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_LABEL or len(chosen) != 1:
        raise ValidationError(
            _("Row %(number)d: a button needs a label of at most %(most)d characters and one thing to do.")
            % {"number": number, "most": MAX_LABEL}
        )
    value = button[chosen[0]]
    if not isinstance(value, str) or not _is_valid(chosen[0], value):
        raise ValidationError(
            _("Row %(number)d, “%(text)s”: “%(value)s” cannot be opened.")
            % {"number": number, "text": text, "value": str(value)[:100]}
        )


def _is_valid(kind: str, value: str) -> bool:
    if kind == "command":
        return _COMMAND.fullmatch(value) is not None
    if kind == "link":
        return _DEEP_LINK.fullmatch(value) is not None
    return is_https_link(value)
