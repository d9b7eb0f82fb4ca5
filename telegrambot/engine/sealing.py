"""Chats without history: what is said there is encrypted until it is handled or sent, then erased.

PostgreSQL erases the sealed content of whatever is settled or closed (see the triggers of migration 0005).
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from telegrambot.engine.models import Dialog, Message, OutgoingFile
from telegrambot.vault import cipher, rotation
from telegrambot.vault.exceptions import UnreadableSecret

logger = logging.getLogger(__name__)

NAME = _("content of a chat without history")
# As in the statement of settlement.py.
_QUOTATION = re.compile(r""":|"| '""")

# Waits for an operator who is switching the history of one of them off (see privacy.py), so that no text is
# queued behind their back. Others never wait: dispatch takes a weaker lock than that.
_WITHOUT_HISTORY = """
SELECT id, keep_history FROM engine_dialog WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
"""
_PEOPLE = (
    "SELECT person_id, keep_history FROM engine_dialog WHERE person_id = ANY(%s) ORDER BY id FOR KEY SHARE"
)


def register_columns() -> None:
    """Let `manage.py rotatevaultkeys` find what is sealed in columns of other types."""
    is_sealed = Q(state__has_key="sealed")
    rotation.register(rotation.Column(Dialog, "state", keys=("sealed",), rows=is_sealed))
    rotation.register(rotation.Column(OutgoingFile, "content", rows=Q(is_sealed=True), is_bulky=True))


@sensitive_variables("content")
def seal(content: Any) -> str:
    """Encrypt what JSON can hold.

    Raises:
        orjson.JSONEncodeError: JSON cannot hold it.
    """
    return cipher.encrypt(orjson.dumps(content).decode())


def unseal(sealed: str) -> Any:
    """Decrypt what was sealed.

    Raises:
        UnreadableSecret: none of VAULT_KEYS decrypts it.
    """
    return orjson.loads(cipher.decrypt(sealed, name=NAME).encode())


def without_history(dialog_ids: Iterable[int]) -> frozenset[int]:
    """Those of the chats whose texts must not be kept; none changes its mind before the caller commits."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_HISTORY, [sorted(set(dialog_ids))])
        return frozenset(key for key, is_kept in cursor.fetchall() if not is_kept)


def people_without_history(person_ids: Iterable[UUID | None]) -> frozenset[UUID]:
    """Those of the people of whom nothing must be kept in other chats: one of their own keeps no history.

    Which one a message elsewhere repeats, nobody knows. As with `without_history`, it stays so until the
    caller commits.
    """
    people = sorted({key for key in person_ids if key is not None})
    if not people:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [people])
        return frozenset(key for key, is_kept in cursor.fetchall() if not is_kept)


@sensitive_variables("state")
def sealed_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """What such a chat is in the middle of, as it may be stored: it may quote what somebody typed."""
    return {"sealed": seal(state)} if state else {}


def unsealed_state(state: dict[str, Any]) -> dict[str, Any]:
    """The opposite of `sealed_state`; a state that is not sealed stays as it is.

    One that no key decrypts is none: a question is forgotten, where an error would stop the whole chat.
    """
    if "sealed" not in state:
        return state
    try:
        found: dict[str, Any] = unseal(state["sealed"])
    except UnreadableSecret:
        _warn_of_forgotten_question()
        return {}
    return found


def opened(message: Message) -> tuple[str, dict[str, Any]]:
    """Text and payload of a message, sealed or not."""
    if message.sealed is None:
        return message.text, message.payload
    whole = orjson.loads(message.sealed.encode())  # decrypted as it was loaded
    return whole["text"], message.payload | whole["payload"]


def seal_file(content: bytes) -> bytes:
    """Encrypt the content of a file."""
    return cipher.encrypt(base64.b64encode(content).decode()).encode()


def unseal_file(content: bytes) -> bytes:
    """Decrypt the content of a file.

    Raises:
        UnreadableSecret: none of VAULT_KEYS decrypts it.
    """
    return base64.b64decode(cipher.decrypt(content.decode(), name=NAME))


def skeleton(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What must stay of an outgoing message's payload: the callback data that may be pressed below it."""
    rows = [
        [{"data": button["data"]} for button in row if "data" in button]
        for row in payload.get("buttons") or []
    ]
    return {"buttons": rows} if any(rows) else {}


def without_quotation(refusal: str) -> str:
    """What Telegram said about a message, up to where it begins to repeat the message."""
    return _QUOTATION.split(refusal, maxsplit=1)[0]


@cache
def _warn_of_forgotten_question() -> None:
    """Log it once in the life of the process."""
    logger.warning("What chats without history are in the middle of can be read with none of VAULT_KEYS.")
