"""The buttons of a broadcast, row by row in a form: what they say, what they do, where they stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from telegrambot.broadcasts.buttons import KINDS, MAX_LABEL
from telegrambot.engine.routing import registry

# What is read from the form, one of each for every button.
_PARTS = ("text", "kind", "target", "place")
BESIDE = "beside"


@dataclass(frozen=True)
class Row:
    """One button in the form."""

    text: str = ""
    kind: str = "url"
    target: str = ""
    is_beside: bool = False


class ButtonsWidget(forms.Widget):
    """Four inputs for each button, and a way to add one."""

    template_name = "broadcasts/admin/button_editor.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The rows, and an empty one to copy."""
        context = super().get_context(name, value, attrs)
        return context | {
            "rows": _as_rows(value),
            "blank": Row(),
            "kinds": (
                ("url", _("opens a web page"), "https://…"),
                ("command", _("runs a command"), "/guides"),
                ("link", _("opens a guide or another link into the bot"), "https://t.me/…?start=…"),
            ),
            "commands": sorted(registry.commands),
            "max_label": MAX_LABEL,
            "beside": BESIDE,
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The buttons as they are stored; a row that is all empty is none."""
        parts = zip(*(data.getlist(f"{name}_{part}") for part in _PARTS), strict=False)
        rows: list[list[dict[str, str]]] = []
        for text, kind, target, place in parts:
            if not text.strip() and not target.strip():
                continue
            button = {"text": text.strip(), **_aim(kind, target.strip())}
            if place == BESIDE and rows:
                rows[-1].append(button)
            else:
                rows.append([button])
        return json.dumps(rows, ensure_ascii=False)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """No buttons are sent as nothing."""
        return False

    def id_for_label(self, id_: str) -> str:
        """The label names the group."""
        return ""


class ButtonsField(forms.JSONField):
    """Rows of buttons."""

    widget = ButtonsWidget
    empty_values = [None, ""]

    def clean(self, value: Any) -> Any:
        """Read them; none is an empty list."""
        return super().clean(value) or []


def _aim(kind: str, target: str) -> dict[str, str]:
    """What it does; people paste whole links into the bot, and write commands with their slash."""
    if kind not in KINDS or not target:
        return {}
    if kind == "command":
        target = target.removeprefix("/").lower()
    elif kind == "link" and "://" in target:
        try:
            target = parse_qs(urlsplit(target).query).get("start", [target])[0]
        except ValueError:
            pass  # it is refused as it is
    return {kind: target}


def _as_rows(value: Any) -> list[Row]:
    try:
        rows = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return []
    return [
        Row(button.get("text", ""), kind, _shown(kind, button.get(kind, "")), is_beside=number > 0)
        for row in rows or []
        for number, button in enumerate(row)
        for kind in [next((kind for kind in KINDS if button.get(kind)), "url")]
    ]


def _shown(kind: str, target: str) -> str:
    return f"/{target}" if kind == "command" and target else target
