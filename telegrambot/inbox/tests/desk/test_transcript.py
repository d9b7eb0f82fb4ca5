"""What a model reads of a chat."""

from __future__ import annotations

import pytest

from telegrambot.engine.models import Priority
from telegrambot.engine.tests.factories import MessageFactory
from telegrambot.inbox.desk import transcript

pytestmark = pytest.mark.django_db


def test_an_answer_is_read_as_telegram_shows_it(dialog):
    text = "<b>Tea &amp; cups</b>: https://example.org/?a=1&copy=2"
    answer = MessageFactory(dialog=dialog, priority=Priority.APPROVED_REPLY, text=text)

    ((key, line),) = transcript.lines(dialog, [answer])

    assert (key, line.text) == (answer.pk, "Tea & cups: https://example.org/?a=1&copy=2")
