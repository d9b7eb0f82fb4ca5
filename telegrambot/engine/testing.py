"""A test client for chat views, like `django.test.Client`: real intake, dispatch and outbox, no network.

screen = ChatClient(person).send("/help")
assert "Commands" in screen.text
screen = client.press("Settings")
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from telegram import Bot

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import intake, sealing
from telegrambot.engine.delivery import plain
from telegrambot.engine.dispatch import Dispatcher
from telegrambot.engine.handling import catalogue
from telegrambot.engine.identity import offline_bot
from telegrambot.engine.models import Dialog, InboundUpdate, Message
from telegrambot.engine.pending import AttemptsInTransaction

BOT_ID = 7_000_001
_numbers = itertools.count(int(time.time()))


@dataclass(slots=True)
class Screen:
    """What the person sees after they said or pressed something.

    Attributes:
        texts: what the bot said, without tags, message by message.
        html: the same as Telegram gets it.
        buttons: the labels on the last message.
        toast: the notice over the chat, alert: the dialog they have to close.
        edited: whether the pressed message was changed instead of a new one sent.
        media: the media sent.
    """

    texts: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    toast: str = ""
    alert: str = ""
    edited: bool = False
    media: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that the bot said, as one text."""
        return "\n\n".join(self.texts)


class ChatClient:
    """A person in the bot's private chat.

    Args:
        person: someone with a Telegram id; give another id to write as a newcomer.
        telegram_id: the id of a newcomer nobody knows yet.
    """

    def __init__(
        self, person: TelegramUser | None = None, *, telegram_id: int = 0, language_code: str = "en"
    ) -> None:
        self.telegram_id = person.telegram_id if person and person.telegram_id else telegram_id
        self._user = {
            "id": self.telegram_id,
            "is_bot": False,
            "first_name": (person.first_name if person else "") or "Newcomer",
            "username": person.username if person else "",
            "language_code": (person.language_code if person else "") or language_code,
        }
        # What was shown stays on the screen: the database forgets it where no history is kept.
        self._shown: dict[int, list[list[dict[str, str]]]] = {}
        bot: Bot = offline_bot(BOT_ID, "test_bot")
        self._dispatcher = Dispatcher(bot, AttemptsInTransaction())

    def send(self, text: str, **more: Any) -> Screen:
        """Say something. `more` is merged into the Bot API message (a photo, a reply, …)."""
        entities = []
        if text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self._offer("message", self._message() | {"text": text, "entities": entities} | more)

    def press(self, label: str) -> Screen:
        """Press the newest button with this label that the chat shows.

        Raises:
            LookupError: there is none.
        """
        for message, rows in self._keyboards():
            for button in itertools.chain.from_iterable(rows):
                if button.get("text") == label and "data" in button:
                    return self.press_data(button["data"], message.external_message_id)
        raise LookupError(f"No button {label!r} in this chat.")

    def press_data(self, data: str, message_id: str = "1") -> Screen:
        """Press with arbitrary callback data, as a forged client would."""
        message = self._message() | {"message_id": int(message_id), "text": "…"}
        message["from"] = {"id": BOT_ID, "is_bot": True, "first_name": "Bot"}
        body = {
            "id": str(next(_numbers)),
            "from": self._user,
            "chat_instance": "1",
            "data": data,
            "message": message,
        }
        return self._offer("callback_query", body)

    def receive(self) -> Screen:
        """What the bot has said meanwhile without being asked."""
        self._receive(screen := Screen())
        return screen

    def offer(self, kind: str, body: dict[str, Any]) -> Screen:
        """Let any other kind of update arrive."""
        return self._offer(kind, body)

    def _message(self) -> dict[str, Any]:
        return {
            "message_id": next(_numbers),
            "date": int(time.time()),
            "chat": {"id": self.telegram_id, "type": "private", "first_name": self._user["first_name"]},
            "from": self._user,
        }

    def _offer(self, kind: str, body: dict[str, Any]) -> Screen:
        update = {"update_id": next(_numbers), kind: body}
        catalogue.forget()
        intake.store([update], bot_id=BOT_ID, source=InboundUpdate.Source.SANDBOX)
        screen = Screen()
        batch = self._dispatcher.run_once()
        while batch.has_found_work:
            for press in batch.presses:
                screen.toast, screen.alert = ("", press.text) if press.is_alert else (press.text, "")
            batch = self._dispatcher.run_once()
        self._receive(screen)
        return screen

    def _receive(self, screen: Screen) -> None:
        """Take what waits for this chat out of the outbox, as the sender would have sent it."""
        waiting = self._messages().filter(status=Message.Status.QUEUED, direction=Message.Direction.OUTBOUND)
        for message in waiting.order_by("priority", "pk"):
            text, payload = sealing.opened(message)
            screen.html.append(text)
            screen.texts.append(plain(text))
            screen.media += payload.get("album") or filter(None, [payload.get("media")])
            screen.edited = message.operation == Message.Operation.EDIT
            self._shown[message.pk] = payload.get("buttons", [])
            screen.buttons = [button["text"] for row in self._shown[message.pk] for button in row]
            message.status = Message.Status.SENT
            if message.operation == Message.Operation.SEND:
                message.external_message_id = str(next(_numbers))
            message.save(update_fields=["status", "external_message_id"])

    def _keyboards(self) -> Iterator[tuple[Message, list[list[dict[str, str]]]]]:
        shown: set[int] = set()
        for message in self._messages().filter(direction=Message.Direction.OUTBOUND).order_by("-pk"):
            origin = message.target or message
            if origin.pk not in shown:  # an edit hides the keyboard that was there before
                shown.add(origin.pk)
                yield origin, self._shown.get(message.pk, message.payload.get("buttons", []))

    def _messages(self) -> Any:
        chats = Dialog.objects.filter(telegram_dialog_id=str(self.telegram_id), business_connection_id="")
        return Message.objects.filter(dialog__in=chats)
