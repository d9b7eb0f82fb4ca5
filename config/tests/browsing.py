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
        values: what would be sent, by name; a list where a name comes more than once.
        options: what each select offers.
    """

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.values: dict[str, Any] = {}
        self.options: dict[str, list[str]] = {}
        self._is_inside = self._is_multiple = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = values.get("id") == self.form_id
        if not self._is_inside:
            return
        name = values.get("name", "")
        if tag == "input" and name:
            self._read_input(name, values)
        elif tag == "select":
            self._select, self.options[name], self._is_multiple = name, [], "multiple" in values
        elif tag == "option" and self._select:
            self._read_option(values)
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

    def _read_input(self, name: str, values: Mapping[str, str]) -> None:
        if values.get("type") in {"checkbox", "radio"}:
            if "checked" in values:
                self._add(name, values.get("value", "on"))
        elif values.get("type") != "submit":
            self._add(name, values.get("value", ""))

    def _read_option(self, values: Mapping[str, str]) -> None:
        self.options[self._select].append(values["value"])
        if self._is_multiple:
            if "selected" in values:
                self._add(self._select, values["value"])
        elif "selected" in values or self._select not in self.values:
            self.values[self._select] = values["value"]

    def _add(self, name: str, value: str) -> None:
        known = self.values.get(name)
        if known is None:
            self.values[name] = value
        else:
            self.values[name] = [*(known if isinstance(known, list) else [known]), value]


def form_on(page: HttpResponse, form_id: str) -> _Form:
    """The form with this id; what it holds and what it offers."""
    form = _Form(form_id)
    form.feed(page.content.decode())
    assert form.values, f"there is no form {form_id} on the page"
    return form


def send(client: Client, page: HttpResponse, form_id: str, changes: Mapping[str, Any], **extra: Any) -> Any:
    """Send a form after typing some changes into it; None unticks, new names are what a script would add."""
    shown = {name: _sent(value) for name, value in form_on(page, form_id).values.items()}
    values = shown | {"_save": "Save"} | dict(changes)
    sent = {name: value for name, value in values.items() if value is not None and "__prefix__" not in name}
    return client.post(page.request["PATH_INFO"], sent, **extra)


def _sent(value: Any) -> Any:
    # Browsers end lines so, whatever the page did.
    return value.replace("\n", "\r\n") if isinstance(value, str) else value
