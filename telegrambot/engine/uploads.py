"""A file of ours travels to Telegram once; from then on Telegram's own id for it is sent instead."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from telegram import InputFile, Message

from telegrambot.engine.claims import Claim

KEPT = 1000
# Somebody else brings the same file just now: longer than this nobody keeps a sender's place for it.
_TURN_SECONDS = 1.0

FileLoader = Callable[[str], Awaitable[bytes]]
Item = Mapping[str, str]


class Occupied(Exception):
    """The file is still on its way with another message."""


class Uploads:
    """What Telegram calls the files that this process has sent.

    Args:
        load: gives the content of an `OutgoingFile` by its key.
    """

    def __init__(self, load: FileLoader) -> None:
        self._load = load
        self._ids: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, claim: Claim) -> AsyncIterator[None]:
        """Let one message at a time carry a file that Telegram does not have; the others then name its id.

        Raises:
            Occupied: it takes long.
        """
        files = self._unknown(claim)
        if not files:
            yield
            return
        turn = self._turns.setdefault(files[0], asyncio.Lock())
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await turn.acquire()
        except TimeoutError:
            raise Occupied from None
        is_first = bool(self._unknown(claim))
        if not is_first:
            turn.release()
        try:
            yield
        finally:
            if is_first:
                turn.release()

    async def source(self, claim: Claim, item: Item, *, attach: bool = False) -> str | InputFile:
        """A file's id, address or content; `attach` gives the content a part of its own, as albums need."""
        if "file" not in item:
            return item.get("url") or item["file_id"]
        if known := self._id_of(claim, item):
            return known
        return InputFile(await self._load(item["file"]), filename=item.get("name"), attach=attach)

    def named(self, claim: Claim) -> bool:
        """Whether the message names files by ids that were learned here."""
        return any("file" in item and self._id_of(claim, item) for item in _items(claim))

    def learn(self, claim: Claim, sent: Any) -> None:
        """Remember what Telegram calls the files of a message it took."""
        messages: Sequence[Any] = sent if isinstance(sent, tuple | list) else [sent]
        for item, message in zip(_items(claim), messages, strict=False):
            if "file" in item and isinstance(message, Message) and (learned := _file_id(item, message)):
                self._ids[_name(item)] = learned
                self._ids.move_to_end(_name(item))
        while len(self._ids) > KEPT:
            self._ids.popitem(last=False)

    def forget(self, claim: Claim) -> None:
        """Telegram refused these ids: the files have to travel again."""
        for item in _items(claim):
            self._ids.pop(_name(item), None)

    def _id_of(self, claim: Claim, item: Item) -> str:
        # One that was refused once travels itself, whatever others have learned meanwhile.
        return "" if claim.payload.get("upload") else self._ids.get(_name(item), "")

    def _unknown(self, claim: Claim) -> list[str]:
        return [item["file"] for item in _items(claim) if "file" in item and not self._id_of(claim, item)]


def _items(claim: Claim) -> list[dict[str, str]]:
    if claim.operation != "send":
        return []
    album = claim.payload.get("album")
    media = claim.payload.get("media")
    return album or ([media] if media else [])


def _name(item: Item) -> tuple[str, str]:
    return item.get("kind", ""), item.get("file", "")


def _file_id(item: Item, message: Message) -> str:
    """The id under which the same kind of message can be sent; Telegram makes an animation of some videos."""
    content = message.photo[-1:] if item["kind"] == "photo" else [getattr(message, item["kind"], None)]
    return content[0].file_id if content and content[0] else ""
