"""The body of a request to the Bot API, written in pieces that each have a time limit."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from typing import IO

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from telegram.request import RequestData
from yarl import URL

_CHUNK_BYTES = 64 * 1024
# So much fits into the write buffer of a connection that is free for a request: it needs no time limit.
_AT_ONCE_BYTES = 32 * 1024
# A file name comes from whoever sent the file; a line break in it would end the part's header.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")


class Body(aiohttp.Payload):
    """Bytes or a file, written in pieces, each within the write timeout, which aiohttp lacks.

    Leaves the file open: it belongs to the caller.
    """

    def __init__(self, content: bytes | IO[bytes], content_type: str, write_timeout: float | None) -> None:
        super().__init__(content, content_type=content_type)
        self._write_timeout = write_timeout
        self._size = len(content) if isinstance(content, bytes) else _remaining_bytes(content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("A streamed body has no text form.")

    async def write(self, writer: AbstractStreamWriter) -> None:
        if isinstance(self._value, bytes) and len(self._value) <= _AT_ONCE_BYTES:
            await writer.write(self._value)
            return
        async for chunk in self._chunks():
            async with asyncio.timeout(self._write_timeout):
                await writer.write(chunk)
                await writer.drain()

    async def _chunks(self) -> AsyncIterator[bytes]:
        if isinstance(self._value, bytes):
            for start in range(0, len(self._value), _CHUNK_BYTES):
                yield self._value[start : start + _CHUNK_BYTES]
        else:
            while chunk := await asyncio.to_thread(self._value.read, _CHUNK_BYTES):
                yield chunk


def encode(request_data: RequestData, write_timeout: float | None) -> aiohttp.Payload:
    """Encode as a form, which every Bot API server understands, or as multipart when there are files."""
    if not request_data.contains_files:
        # yarl quotes in C: urllib takes a millisecond of the event loop for 4,096 emoji.
        form = URL.build(query=request_data.json_parameters).raw_query_string.encode()
        return Body(form, "application/x-www-form-urlencoded", write_timeout)
    multipart = aiohttp.MultipartWriter("form-data")
    for name, value in request_data.json_parameters.items():
        part = Body(value.encode(), "text/plain; charset=utf-8", write_timeout)
        # Telegram reads names as they stand, it does not decode the percent signs of quoted fields.
        part.set_content_disposition("form-data", quote_fields=False, name=name)
        multipart.append_payload(part)
    for name, (filename, content, mime_type) in request_data.multipart_data.items():
        part = Body(content, mime_type, write_timeout)
        safe_name = _CONTROL_CHARACTERS.sub("_", filename)
        part.set_content_disposition("form-data", quote_fields=False, name=name, filename=safe_name)
        multipart.append_payload(part)
    return multipart


def _remaining_bytes(file: IO[bytes]) -> int | None:
    if not file.seekable():
        return None
    position = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(position)
    return end - position
