"""A page's form as a browser would send it: every field with the value it shows."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client


class _Form(HTMLParser):
    """Collects the fields of one form.

    Attributes:
        values: what would be sent, by name.
        options: what each select offers.
    """

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.values: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self._is_inside = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = values.get("id") == self.form_id
        if not self._is_inside:
            return
        name = values.get("name", "")
        if tag == "input" and name and values.get("type") not in {"submit", "checkbox"}:
            self.values[name] = values.get("value", "")
        elif tag == "select":
            self._select, self.options[name] = name, []
        elif tag == "option" and self._select:
            self.options[self._select].append(values["value"])
            if "selected" in values or self._select not in self.values:
                self.values[self._select] = values["value"]
        elif tag == "textarea":
            self._textarea, self.values[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            # Browsers leave out the line break that HTML writes first.
            self.values[self._textarea] = self.values[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] += data


def form_on(page: HttpResponse, form_id: str) -> _Form:
    """The form with this id; what it holds and what it offers."""
    form = _Form(form_id)
    form.feed(page.content.decode())
    assert form.values, f"there is no form {form_id} on the page"
    return form


def send(client: Client, page: HttpResponse, form_id: str, changes: Mapping[str, Any], **extra: Any) -> Any:
    """Send a form after typing some changes into it; new names are fields that a script would have added."""
    form = form_on(page, form_id)
    values = {name: value for name, value in form.values.items() if "__prefix__" not in name}
    return client.post(page.request["PATH_INFO"], values | {"_save": "Save"} | dict(changes), **extra)
