"""The client leads to the configured server, and its short way of sending says what the long one says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from telegrambot.engine.client import explain, make_bot
from telegrambot.engine.tests.scripted_api import TOKEN, Answer, ScriptedApi, refusal
from telegrambot.engine.transport_errors import NeverSentError, Outcome, outcome_of


def calling(api: ScriptedApi, settings: Any, **values: Any) -> int:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
    wanted = {"parse_mode": "HTML", "reply_markup": keyboard, "business_connection_id": None} | values

    async def work() -> int:
        async with api.serve(settings) as bot:
            return await bot.send_text(5, "<b>é</b>", **wanted)

    return asyncio.run(work())


def test_a_text_is_sent_as_send_message_would(settings) -> None:
    api = ScriptedApi()
    assert calling(api, settings) == 1001
    short = api.of("sendMessage")[-1]

    async def long_way() -> None:
        async with api.serve(settings) as bot:
            keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
            await bot.send_message(5, "<b>é</b>", parse_mode="HTML", reply_markup=keyboard)

    asyncio.run(long_way())
    assert short == api.of("sendMessage")[-1]


def test_what_is_not_given_is_not_sent_and_a_connection_is(settings) -> None:
    api = ScriptedApi()
    calling(api, settings, parse_mode=None, reply_markup=None, business_connection_id="biz")
    assert api.of("sendMessage") == [{"chat_id": "5", "text": "<b>é</b>", "business_connection_id": "biz"}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(400, "Bad Request: chat not found"), BadRequest),
        (refusal(429, "Too Many Requests", retry_after=3), RetryAfter),
        (refusal(502, "Bad Gateway"), NetworkError),
    ],
)
def test_refusals_are_those_of_the_library(settings, answer, error) -> None:
    api = ScriptedApi()
    api.script("sendMessage", answer)
    with pytest.raises(error):
        calling(api, settings)


@pytest.mark.parametrize("result", [True, {}, {"message_id": "seven"}])
def test_a_success_without_a_number_may_have_arrived(settings, result) -> None:
    api = ScriptedApi()
    api.script("sendMessage", Answer(result=result))
    with pytest.raises(TelegramError) as caught:
        calling(api, settings)
    assert outcome_of(caught.value) is Outcome.UNKNOWN


def test_the_root_of_the_server_may_end_with_a_slash(settings) -> None:
    settings.TELEGRAM_BOT_TOKEN = TOKEN
    settings.TELEGRAM_API_URL = "http://127.0.0.1:8081/"
    bot = make_bot()
    assert bot.base_url == f"http://127.0.0.1:8081/bot{TOKEN}"
    assert bot.base_file_url == f"http://127.0.0.1:8081/file/bot{TOKEN}"


def test_a_proxy_that_cannot_be_one_is_a_sentence_without_its_password(settings) -> None:
    settings.TELEGRAM_BOT_TOKEN = TOKEN
    settings.TELEGRAM_PROXY_URL = "socks5://user:s3cret@127.0.0.1:1"
    with pytest.raises(ImproperlyConfigured, match="TELEGRAM_PROXY_URL") as caught:
        make_bot()
    assert "s3cret" not in str(caught.value)


def test_explanations_tell_refusals_from_silence_and_hold_no_token() -> None:
    assert explain(BadRequest(f"no {TOKEN}")) == "Telegram refused: no <token>"
    assert explain(NeverSentError("No connection.")).startswith("Telegram did not answer: No connection.")
