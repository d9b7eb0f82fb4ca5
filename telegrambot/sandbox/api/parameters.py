"""The parameters of one call: query string, form, multipart or JSON, all read the same way.

https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from telegrambot.engine.formatted_text import cleaned
from telegrambot.sandbox.api.errors import BadRequest


class Parameters:
    """Typed access to what the caller sent. Absent, null and empty are the same."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, UploadedFile] | None = None) -> None:
        self._values = values
        self._files = files or {}

    @classmethod
    def of(cls, request: HttpRequest) -> Parameters:
        """Read a request; values in the body win over the query string.

        Raises:
            BadRequest: the body says that it is JSON and is no JSON object.
        """
        values: dict[str, Any] = request.GET.dict()
        if request.content_type != "application/json":
            return cls(
                values | request.POST.dict(),
                {name: upload for name, upload in request.FILES.items() if isinstance(upload, UploadedFile)},
            )
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            raise BadRequest("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise BadRequest("can't parse JSON object")
        return cls(values | body)

    def text(self, name: str) -> str:
        """The value as text, "" when absent."""
        value = self._values.get(name)
        return "" if value is None else _clean(value if isinstance(value, str) else json.dumps(value))

    def integer(self, name: str) -> int:
        """The value as a 64-bit integer; anything else counts as absent, which is 0."""
        try:
            number = int(self.text(name))
        except ValueError:
            return 0
        return number if -(2**63) <= number < 2**63 else 0

    def flag(self, name: str) -> bool:
        """The value as a boolean."""
        return self.text(name).strip().lower() in {"true", "yes", "1"}

    def json(self, name: str) -> Any:
        """The value as an object or a list; forms carry it as JSON text. None when absent.

        Raises:
            BadRequest: it is text, and not JSON.
        """
        value = self._values.get(name)
        if not isinstance(value, str):
            return _clean(value)
        if not value.strip():
            return None
        try:
            return _clean(json.loads(value))
        except ValueError:
            raise BadRequest(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def file(self, name: str) -> UploadedFile | None:
        """An uploaded file."""
        return self._files.get(name)

    def shown(self) -> dict[str, Any]:
        """Everything as one would write it in JSON, for reading: files by name and size."""
        files = {name: {"file_name": file.name, "file_size": file.size} for name, file in self._files.items()}
        return {name: _readable(value) for name, value in self._values.items()} | files


def _readable(value: Any) -> Any:
    """Forms carry objects and lists as JSON text."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _clean(value: Any) -> Any:
    """The value with all its texts as Telegram stores them, which is also what PostgreSQL can."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadRequest("strings must be encoded in UTF-8") from None
        return cleaned(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
