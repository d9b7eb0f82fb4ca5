"""“… is typing”: shown when it can be, and never in anybody's way."""

from __future__ import annotations

import time
from typing import Any

import pytest

from telegrambot.engine import typing_indicator
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.engine.tests.scripted_api import DROP, ScriptedApi, refusal
from telegrambot.engine.tests.serving import served

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    monkeypatch.setattr(typing_indicator, "_shown_at", {})


def settled() -> None:
    """Wait until the call under way has ended."""
    typing_indicator._caller.submit(lambda: None).result(20)


def test_the_chat_sees_it_once_every_few_seconds(settings):
    dialog: Any = DialogFactory()
    business: Any = DialogFactory(business_connection_id="abc")
    with served(ScriptedApi(), settings) as api:
        assert typing_indicator.show(dialog)
        assert not typing_indicator.show(dialog)
        assert typing_indicator.show(business)
        settled()
        typing_indicator._shown_at.clear()
        assert typing_indicator.show(dialog)
        settled()
    calls = api.of("sendChatAction")
    assert [call["chat_id"] for call in calls] == [
        dialog.telegram_dialog_id,
        business.telegram_dialog_id,
        dialog.telegram_dialog_id,
    ]
    assert {call["action"] for call in calls} == {"typing"}
    assert [call.get("business_connection_id") for call in calls] == [None, "abc", None]


def test_what_waited_too_long_for_its_turn_is_not_shown(settings, monkeypatch):
    late: Any = DialogFactory()
    timely: Any = DialogFactory()
    monkeypatch.setattr(typing_indicator, "AGAIN_AFTER_SECONDS", 1.0)
    with served(ScriptedApi(), settings) as api:
        typing_indicator._caller.submit(time.sleep, 1.2)
        typing_indicator.show(late)
        time.sleep(0.6)
        typing_indicator.show(timely)
        settled()
    assert [call["chat_id"] for call in api.of("sendChatAction")] == [timely.telegram_dialog_id]


@pytest.mark.parametrize(
    "trouble", [refusal(403, "Forbidden: bot was blocked"), refusal(401, "Unauthorized"), DROP]
)
def test_trouble_is_nobodys_trouble(settings, trouble, caplog):
    dialog: Any = DialogFactory()
    with served(ScriptedApi(), settings) as api, caplog.at_level("INFO"):
        api.script("sendChatAction", trouble)
        typing_indicator.show(dialog)
        settled()
    assert "was not shown" in caplog.text


def test_without_a_token_nothing_happens(settings, caplog):
    settings.TELEGRAM_BOT_TOKEN = ""
    settings.SANDBOX = False
    dialog: Any = DialogFactory()
    with caplog.at_level("INFO"):
        typing_indicator.show(dialog)
        settled()
    assert "ImproperlyConfigured" in caplog.text


def test_what_nobody_expected_is_logged_whole(settings, caplog):
    settings.SENDER_CONCURRENCY = "many"
    typing_indicator.show(DialogFactory())
    settled()
    assert "Traceback" in caplog.text
    assert "TypeError" in caplog.text
