"""A file travels once in a process; then its id does, until Telegram does not know that any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from telegrambot.engine import uploads as uploads_module
from telegrambot.engine.models import Message, OutgoingFile, Priority
from telegrambot.engine.sender import Sender
from telegrambot.engine.tests.factories import DialogFactory, MessageFactory
from telegrambot.engine.tests.scripted_api import Answer, ScriptedApi, refusal
from telegrambot.engine.threads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)

WRONG_FILE = refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")


class Telegram(ScriptedApi):
    """Answers with the ids under which it keeps files, as Telegram does."""

    def _usual(self, method: str, parameters: dict[str, Any]) -> Any:
        found = super()._usual(method, parameters)
        if method in {"sendPhoto", "sendVideo", "sendDocument"}:
            found |= self._kept(method.removeprefix("send").lower())
        elif method == "sendMediaGroup":
            found = [
                message | self._kept(item["type"])
                for message, item in zip(found, parameters["media"], strict=True)
            ]
        return found

    def _kept(self, kind: str) -> dict[str, Any]:
        number = next(self._numbers)
        file = {"file_id": f"{kind}-{number}", "file_unique_id": str(number), "width": 1, "height": 1}
        return {kind: [file] if kind == "photo" else file | {"duration": 1}}

    @property
    def uploaded(self) -> int:
        """How many calls carried files."""
        return sum(bool(call.files) for call in self.calls)


@pytest.fixture
def api() -> Telegram:
    return Telegram()


@pytest.fixture(autouse=True)
def _unlimited(settings):
    settings.MESSAGES_PER_SECOND = 0
    settings.SENDER_CONCURRENCY = 8


def stored(content: bytes = b"picture") -> dict[str, str]:
    row = OutgoingFile.objects.create(name="a.png", content=content)
    return {"kind": "photo", "file": str(row.pk), "name": row.name}


def queued(count: int, **values: Any) -> list[Any]:
    return [MessageFactory(status="queued", priority=Priority.BROADCAST, **values) for _ in range(count)]


def send(api: Telegram, settings: Any, *more: Callable[[], Any]) -> None:
    """Let a sender work until nothing is queued; then queue the next and let it go on."""

    async def work() -> None:
        threads = DatabaseThreads(2)
        async with api.serve(settings) as bot:
            sender = Sender(bot, threads)
            task = asyncio.create_task(sender.run())
            for step in (lambda: None, *more):
                await threads.run(step)
                sender.poke()
                deadline = time.monotonic() + 20
                while await threads.run(under_way):
                    assert time.monotonic() < deadline, await threads.run(errors)
                    await asyncio.sleep(0.02)
            sender.stop()
            await task
        threads.close()

    asyncio.run(work())


def under_way() -> bool:
    return Message.objects.filter(status__in=["queued", "sending"]).exists()


def errors() -> list[Any]:
    return list(Message.objects.values_list("status", "error"))


@pytest.mark.parametrize(
    ("kind", "method"), [("photo", "sendPhoto"), ("video", "sendVideo"), ("document", "sendDocument")]
)
def test_a_file_for_many_people_is_uploaded_once(api, settings, kind, method) -> None:
    queued(20, message_type=kind, payload={"media": stored() | {"kind": kind}})

    send(api, settings)

    assert len(api.of(method)) == 20
    assert api.uploaded == 1
    assert sum(call.get(kind, "").startswith(f"{kind}-") for call in api.of(method)) == 19
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


def test_an_album_for_many_people_is_uploaded_once(api, settings) -> None:
    queued(20, message_type="album", text="", payload={"album": [stored(b"one"), stored(b"two")]})

    send(api, settings)

    assert len(api.of("sendMediaGroup")) == 20
    assert api.uploaded == 1
    named = [[item["media"] for item in call["media"]] for call in api.of("sendMediaGroup")[1:]]
    assert all(item.startswith("photo-") for items in named for item in items)


def test_different_files_do_not_wait_for_each_other(api, settings) -> None:
    api.always["sendPhoto"] = Answer(delay=0.3)
    for _ in range(6):
        queued(1, message_type="photo", payload={"media": stored()})
    began = time.monotonic()
    send(api, settings)

    assert api.uploaded == 6
    assert time.monotonic() - began < 6 * 0.3


def test_an_id_that_telegram_does_not_know_any_more_means_uploading_again(api, settings) -> None:
    media = stored()
    queued(1, message_type="photo", payload={"media": media})

    def next_ones() -> None:
        api.script("sendPhoto", WRONG_FILE)
        queued(3, message_type="photo", payload={"media": media}, dialog=DialogFactory())

    send(api, settings, next_ones)

    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    assert api.uploaded == 2
    assert len(api.of("sendPhoto")) == 5


def test_an_id_that_telegram_never_takes_ends_in_uploads_not_in_a_loop(api, settings) -> None:
    media = stored()
    queued(1, message_type="photo", payload={"media": media})

    def next_ones() -> None:
        queued(3, message_type="photo", payload={"media": media})
        api.script("sendPhoto", *[WRONG_FILE] * 3)

    send(api, settings, next_ones)

    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}


def test_when_the_first_upload_is_refused_the_next_message_brings_the_file(api, settings) -> None:
    api.script("sendPhoto", refusal(403, "Forbidden: bot was blocked by the user"))
    queued(4, message_type="photo", payload={"media": stored()})

    send(api, settings)

    assert api.uploaded == 2
    assert sorted(Message.objects.values_list("status", flat=True)) == ["failed", "sent", "sent", "sent"]


def test_who_waits_too_long_for_an_upload_makes_room_and_comes_back(api, settings, monkeypatch) -> None:
    monkeypatch.setattr(uploads_module, "_TURN_SECONDS", 0.05)
    api.script("sendPhoto", Answer(delay=1.0))
    queued(5, message_type="photo", payload={"media": stored()})

    send(api, settings)

    assert api.uploaded == 1
    assert set(Message.objects.values_list("status", "attempts")) == {("sent", 1)}


def test_what_telegram_made_something_else_of_is_uploaded_each_time(api, settings) -> None:
    """A video without sound comes back as an animation, whose id is no video's."""
    api.always["sendVideo"] = Answer(
        result={"message_id": 5, "date": 1, "chat": {"id": 1, "type": "private"}, "text": ""}
    )
    queued(3, message_type="video", payload={"media": stored() | {"kind": "video"}})

    send(api, settings)

    assert api.uploaded == 3


def test_only_so_many_ids_are_remembered(api, settings, monkeypatch) -> None:
    monkeypatch.setattr(uploads_module, "KEPT", 1)
    first, second = stored(), stored()
    steps = [
        lambda media=media: queued(1, message_type="photo", payload={"media": media})
        for media in (first, second, second, first)
    ]

    send(api, settings, *steps)

    assert api.uploaded == 3
