"""What is sealed of chats without history, when VAULT_KEYS change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from telegrambot.engine import privacy, sealing
from telegrambot.engine.chat import Reply
from telegrambot.engine.models import Dialog, InboundUpdate, OutgoingFile
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.incoming import drain, new_dispatcher, own_registry, said, store
from telegrambot.vault import rotation

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
ASKED = {"answer": "nobody.knows", "data": {"so far": "ёлка"}}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _old_key(settings) -> None:
    settings.VAULT_KEYS = [OLD]


@pytest.fixture
def rotate(settings) -> Callable[[], None]:
    """Put a new key in front, rotate, and take the old one away."""

    def rotate() -> None:
        settings.VAULT_KEYS = [NEW, OLD]
        call_command("rotatevaultkeys")
        settings.VAULT_KEYS = [NEW]

    return rotate


@pytest.fixture
def dialog() -> Dialog:
    """The chat of person 501, without history, in the middle of a question."""
    chat: Any = DialogFactory(person__telegram_id=501, keep_history=False, state=sealing.sealed_state(ASKED))
    return chat


def test_what_a_chat_is_in_the_middle_of_is_encrypted_anew(dialog, rotate):
    DialogFactory(state=ASKED)
    rotate()
    states = Dialog.objects.order_by("pk").values_list("state", flat=True)
    assert [sealing.unseal(states[0]["sealed"]), states[1]] == [ASKED, ASKED]


def test_files_are_encrypted_anew_one_at_a_time(settings, rotate):
    kept = OutgoingFile.objects.create(content=b"\\x00 in plain \xff", name="a")
    contents = [bytes([number, 92, 255]) * 1000 for number in range(3)]
    for content in contents:
        OutgoingFile.objects.create(content=sealing.seal_file(content), is_sealed=True)
    column = next(column for column in rotation.columns() if column.model is OutgoingFile)
    settings.VAULT_KEYS = [NEW, OLD]

    assert list(rotation.renew(column)) == [(1, 0)] * 3

    rotate()
    sealed = OutgoingFile.objects.filter(is_sealed=True).order_by("created_at", "pk")
    assert sorted(sealing.unseal_file(bytes(row.content)) for row in sealed) == contents
    kept.refresh_from_db()
    assert bytes(kept.content) == b"\\x00 in plain \xff"


@pytest.mark.django_db(transaction=True)
def test_a_question_that_cannot_be_read_is_forgotten_and_the_chat_lives(
    monkeypatch, settings, dialog, caplog
):
    heard = []
    own_registry(monkeypatch).phrase(".*")(lambda request: heard.append(request.text) or Reply("Yes"))
    sealing._warn_of_forgotten_question.cache_clear()
    settings.VAULT_KEYS = [NEW]

    for text in ("one", "two"):
        store(said(text, 501))
        drain(new_dispatcher())

    assert heard == ["one", "two"]
    assert set(InboundUpdate.objects.values_list("status", "error")) == {("done", "")}
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "VAULT_KEYS" in warning.getMessage()
    assert dialog.state["sealed"] not in caplog.text


@pytest.mark.parametrize("keep", [True, False])
def test_history_can_be_switched_whatever_cannot_be_read(settings, dialog, keep):
    Dialog.objects.update(keep_history=not keep)
    settings.VAULT_KEYS = [NEW]
    assert privacy.set_keep_history(dialog, keep, actor=None)
    assert Dialog.objects.get().state == {}
