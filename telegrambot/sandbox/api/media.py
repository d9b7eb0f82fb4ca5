"""Files that bots send: uploaded, known by `file_id`, or fetched from an address.

https://core.telegram.org/bots/api#sending-files
"""

from __future__ import annotations

import http.client
import mimetypes
import urllib.request
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from telegrambot.engine.pictures import MAX_PHOTO_BYTES, fits_as_photo, picture_size
from telegrambot.sandbox import files
from telegrambot.sandbox.api.call import Call
from telegrambot.sandbox.api.errors import BadRequest, RequestEntityTooLarge
from telegrambot.sandbox.models import SandboxFile

MAX_FETCHED_BYTES = 20 * 1024 * 1024
FETCH_TIMEOUT_SECONDS = 10.0


def given_file(call: Call, value: Any, kind: str) -> SandboxFile:
    """The file that `value` stands for. Not inside a transaction: it may have to be fetched.

    Args:
        value: the parameter's name (an upload under that name wins) or its value.
        kind: one of SandboxFile.Kind.

    Raises:
        BadRequest: there is none, it cannot be fetched, or it is of another kind.
        RequestEntityTooLarge: larger than bots may upload.
    """
    if not isinstance(value, str) or not value:
        raise BadRequest(f"there is no {kind} in the request")
    if value.startswith("attach://"):
        return _uploaded(call, value.removeprefix("attach://"), kind)
    if value.lower().startswith(("http://", "https://")):
        return _fetched(value, kind)
    known = SandboxFile.objects.defer("content").filter(file_id=value).first()
    if known is None:
        raise BadRequest("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise BadRequest(f"can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def parameter_file(call: Call, name: str) -> SandboxFile:
    """The same for a parameter that is called like its kind (`photo`, `video`, `document`)."""
    if call.parameters.file(name) is not None:
        return _uploaded(call, name, name)
    return given_file(call, call.parameters.text(name), name)


def _uploaded(call: Call, name: str, kind: str) -> SandboxFile:
    upload = call.parameters.file(name)
    if upload is None:
        raise BadRequest(f"can't find attached file '{name}'")
    if (upload.size or 0) > files.MAX_BYTES:
        raise RequestEntityTooLarge
    return _stored(kind, upload.name or "", upload.content_type or "", upload.read())


def _fetched(url: str, kind: str) -> SandboxFile:
    # Only http and https: the default opener would also read local files.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
    ):
        opener.add_handler(handler())
    try:
        with opener.open(url, timeout=FETCH_TIMEOUT_SECONDS) as answer:
            content = answer.read(MAX_FETCHED_BYTES + 1)
            mime_type = answer.headers.get_content_type()
    except (OSError, ValueError, http.client.HTTPException):
        raise BadRequest("failed to get HTTP URL content") from None
    if len(content) > MAX_FETCHED_BYTES:
        raise BadRequest("failed to get HTTP URL content")
    return _stored(kind, unquote(PurePosixPath(urlsplit(url).path).name), mime_type, content)


def _stored(kind: str, name: str, mime_type: str, content: bytes) -> SandboxFile:
    if not content:
        raise BadRequest("file must be non-empty")
    if kind == SandboxFile.Kind.PHOTO:
        _check_photo(content)
    guessed = mimetypes.guess_type(name)[0]
    return files.store(kind=kind, name=name, mime_type=mime_type or guessed or "", content=content)


def _check_photo(content: bytes) -> None:
    if len(content) > MAX_PHOTO_BYTES:
        raise BadRequest(
            f"file of size {len(content)} bytes is too big for a photo; "
            f"the maximum size is {MAX_PHOTO_BYTES} bytes"
        )
    if picture_size(content) is None:
        raise BadRequest("IMAGE_PROCESS_FAILED")
    if not fits_as_photo(content):
        raise BadRequest("PHOTO_INVALID_DIMENSIONS")
