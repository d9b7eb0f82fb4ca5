"""Texts that name their reader: Telegram HTML with variables, checked before anybody gets them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from telegrambot.engine.html_markup import MarkupError, dropped_links
from telegrambot.engine.splitting import MAX_CAPTION, MAX_TEXT, length, split

# What a text may say about its recipient.
VARIABLES = ("first_name", "last_name", "username")
# {name} or {name|what to say without one}; nothing else in braces is touched.
_VARIABLE = re.compile(r"\{(?P<name>[a-z_]+)(?:\|(?P<fallback>[^{}|<>&]{0,60}))?\}")
# What was meant as a variable.
_MEANT = re.compile(rf"\{{\s*(?P<name>{'|'.join(VARIABLES)})\b", re.IGNORECASE)
_BYTE_OFFSET = re.compile(r" at byte offset (\d+)")
# As long as the longest name Telegram allows.
_SAMPLE = dict.fromkeys(VARIABLES, "\N{GRINNING FACE}" * 64)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in the variables, escaped; an empty value gives way to its fallback."""
    return _VARIABLE.sub(
        lambda found: (
            escape(values[found["name"]] or (found["fallback"] or "").strip())
            if found["name"] in values
            else found[0]
        ),
        text,
    )


def has_variables(text: str) -> bool:
    """Whether recipients get different texts."""
    return any(found["name"] in VARIABLES for found in _VARIABLE.finditer(text))


def is_blank(text: str) -> bool:
    """Whether somebody without a name would get an empty message."""
    return not split(fill(text, dict.fromkeys(VARIABLES, "")))


def validate_markup(text: str, *, is_caption: bool = False) -> None:
    """Refuse what Telegram would refuse or drop, and name the place.

    Raises:
        ValidationError: a tag, a link or a variable is wrong, or the text is too long for one message.
    """
    for found in _VARIABLE.finditer(text):
        if found["name"] not in VARIABLES:
            raise ValidationError(
                _("%(place)s: there is no variable {%(name)s}. There are: %(known)s."),
                code="unknown_variable",
                params={
                    "place": _place(text, found.start()),
                    "offset": found.start(),
                    "name": found["name"],
                    "known": ", ".join(f"{{{name}}}" for name in VARIABLES),
                },
            )
    for found in _MEANT.finditer(text):
        if not _VARIABLE.match(text, found.start()):
            name, friend = found["name"].lower(), _("friend")
            raise ValidationError(
                _("%(place)s: a variable is written %(plain)s, or %(fallback)s."),
                code="misspelt_variable",
                params={
                    "place": _place(text, found.start()),
                    "offset": found.start(),
                    "plain": f"{{{name}}}",
                    "fallback": f"{{{name}|{friend}}}",
                },
            )
    validate_html(text)
    most = MAX_CAPTION if is_caption else MAX_TEXT
    if (longest := length(fill(text, _SAMPLE))) > most:
        raise ValidationError(
            _("The text may have %(most)d characters and has up to %(length)d, names filled in."),
            code="too_long",
            params={"most": most, "length": longest},
        )


def validate_html(text: str) -> None:
    """Refuse tags and links that Telegram would refuse or drop, and name the place.

    Raises:
        ValidationError: a tag or a link is wrong.
    """
    try:
        dropped = dropped_links(text)
    except MarkupError as error:
        raise ValidationError(
            _("%(place)s: Telegram cannot read this (%(problem)s)."),
            code="markup",
            params=_problem(text, error),
        ) from None
    if dropped:
        start, address = dropped[0]
        raise ValidationError(
            _("%(place)s: Telegram would drop this link (%(address)s)."),
            code="dropped_link",
            params={"place": _place(text, start), "offset": start, "address": address[:100]},
        )


def _problem(text: str, error: MarkupError) -> dict[str, object]:
    message = str(error)
    if found := _BYTE_OFFSET.search(message):
        offset = len(text.encode()[: int(found[1])].decode(errors="ignore"))
        message = message[: found.start()] + message[found.end() :]
    else:
        offset = len(text)  # the end of the text is where an end tag is missed
    return {"place": _place(text, offset), "offset": offset, "problem": message}


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return _("Line %(line)d, character %(column)d") % {"line": line, "column": column}
