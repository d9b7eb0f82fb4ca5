"""Both wire formats over real HTTP: what is asked, what arrives, and everything that goes wrong."""

from __future__ import annotations

import logging
import socket
import traceback
from decimal import Decimal

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.inbox.drafting import exceptions
from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.drafts import draft
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint
from telegrambot.inbox.drafting.requests import DraftRequest, Limits
from telegrambot.inbox.drafting.tests.conftest import PATIENT
from tests.model_server.answers import CUT, DRIP, DROP, HANG, Answer
from tests.model_server.server import KEY
from tests.processes import free_port, wait_until

LONG_TEXT = "word " * 10_000


def test_a_draft_comes_with_what_it_cost(server, asks, provider):
    model = {"openai": "gpt-5-mini-2025-08-07", "anthropic": "claude-haiku-4-5-20251001"}[provider]
    server.script(Answer("Begin with a small sum.", tokens_in=1000, tokens_out=100))

    drafted = draft(asks(model=model))

    assert drafted.text == "Begin with a small sum."
    assert drafted.model == model
    assert drafted.finish_reason == "stop"
    assert (drafted.spent.tokens_in, drafted.spent.tokens_out) == (1000, 100)
    assert not drafted.spent.is_estimated
    assert drafted.spent.cost == {"openai": Decimal("0.00045"), "anthropic": Decimal("0.0015")}[provider]


def test_a_model_without_a_price_has_no_cost(asks):
    assert draft(asks()).spent.cost is None


def test_the_request_is_what_was_asked_for(server, asks, provider):
    draft(asks("Hi", temperature=0.3, instructions="Be brief.", limits=Limits(max_tokens=77)))

    (received,) = server.received
    limit = {"openai": "max_completion_tokens", "anthropic": "max_tokens"}[provider]
    assert received.body[limit] == 77
    assert received.body["temperature"] == 0.3
    assert received.body["stream"] is True
    assert received.body["messages"][-1] == {"role": "user", "content": "<customer>\nHi\n</customer>"}
    assert "Be brief." in received.said


def test_no_temperature_is_sent_when_none_is_wanted(server, asks):
    draft(asks())

    assert "temperature" not in server.received[0].body


def test_the_text_is_told_while_it_arrives(server, asks):
    told = []
    server.script(Answer("One two three."))

    draft(asks(), told.append)

    assert [*dict.fromkeys(told)][-3:] == ["One", "One two", "One two three."]


def test_whoever_follows_may_use_the_database(db, server, asks):
    people = []

    draft(asks(), lambda _text: people.append(TelegramUser.objects.count()))

    assert people


def test_whoever_follows_may_end_it(server, asks):
    class Cancelled(Exception):
        pass

    def cancel(text):
        if text:
            raise Cancelled

    server.script(Answer("One two three four.", trouble=DRIP))

    with pytest.raises(Cancelled):
        draft(asks(), cancel)

    wait_until(lambda: server.left == 1, "the server to notice")


def test_whoever_follows_may_end_it_before_anything_came(server, asks):
    class Cancelled(Exception):
        pass

    def cancel(text):
        assert text == ""
        raise Cancelled

    server.script(Answer(trouble=HANG))

    with pytest.raises(Cancelled):
        draft(asks(), cancel)

    wait_until(lambda: server.left == 1, "the server to notice")


def test_thoughts_are_no_part_of_the_draft(server, asks):
    told = []
    server.script(Answer("<think>The customer is <b>new</b>.</think>\n\nWelcome!"))

    assert draft(asks(), told.append).text == "Welcome!"
    assert {*told} == {"", "Welcome!"}


# ── Refused ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "error", "is_temporary"),
    [
        (Answer(status=401), exceptions.KeyRefused, False),
        (Answer(status=403), exceptions.KeyRefused, False),
        (Answer(status=402), exceptions.NoCredit, False),
        (Answer(status=429, code="insufficient_quota"), exceptions.NoCredit, False),
        (Answer(status=429), exceptions.RateLimited, True),
        (Answer(status=404), exceptions.ModelUnknown, False),
        (Answer(status=400), exceptions.RequestRefused, False),
        (Answer(status=422), exceptions.RequestRefused, False),
        (Answer(status=400, code="context_length_exceeded"), exceptions.PromptTooLong, False),
        (Answer(status=413), exceptions.PromptTooLong, False),
        (Answer(status=400, code="content_filter"), exceptions.AnswerRefused, False),
        (Answer(status=500), exceptions.ProviderTrouble, True),
        (Answer(status=503, body="<html>", content_type="text/html"), exceptions.ProviderTrouble, True),
        (Answer(status=529), exceptions.ProviderTrouble, True),
        (Answer(status=307, headers={"Location": "http://127.0.0.1:9/"}), exceptions.RequestRefused, False),
        (Answer(trouble=DROP), exceptions.ProviderUnreachable, True),
    ],
)
def test_a_refusal_is_told_in_our_words_and_asked_once(server, asks, answer, error, is_temporary, meter):
    server.script(answer)

    with pytest.raises(error) as caught:
        draft(asks(), meter=meter)

    assert type(caught.value) is error
    assert caught.value.is_temporary is is_temporary
    assert meter.spent is None
    assert len(server.received) == 1


def test_a_wrong_key_is_refused_and_never_shown(server, asks, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    request = asks("My card is 4111", key="sk-another-secret-key")

    with pytest.raises(exceptions.KeyRefused) as caught:
        draft(request)

    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value.__dict__) + repr(request)
    shown += repr(request.endpoint) + repr(request.endpoint.usable_key) + str(capsys.readouterr())
    logged = "".join(str(record.__dict__) for record in caplog.records)
    for text in (shown, logged):
        assert "another-secret" not in text
        assert "quoted-by-the-provider" not in text
    assert "4111" not in logged


@pytest.mark.parametrize("key", ["ключ", "sk-one two", "sk-line\nbreak"])
def test_a_key_that_cannot_be_one_is_refused_before_anything_is_sent(server, asks, key):
    with pytest.raises(exceptions.KeyRefused):
        draft(asks(key=key))

    assert server.received == []


def test_without_a_key_nothing_is_sent(server, asks, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)

    with pytest.raises(exceptions.KeyMissing):
        draft(asks(key=""))

    assert server.received == []


def test_a_server_of_ones_own_needs_no_key_and_costs_nothing(server):
    server.key = ""
    endpoint = Endpoint(PRESETS["ollama"], f"{server.url}/v1")

    drafted = draft(DraftRequest(endpoint, "small", Context([Line("Hi")]), limits=PATIENT))

    assert drafted.spent.cost == 0
    assert server.received[0].body["max_tokens"] == PATIENT.max_tokens


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "1500"}, 2),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
        ({"retry-after": "soon"}, 30),
        ({"retry-after": "99999999999"}, 86_400),
        ({}, 30),
    ],
)
def test_a_limit_says_how_long_to_wait(server, asks, headers, seconds):
    server.script(Answer(status=429, headers=headers))

    with pytest.raises(exceptions.RateLimited) as caught:
        draft(asks())

    assert caught.value.details["retry_after"] == seconds
    assert f"{seconds} s" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:11434/v1",
        "ftp://example.org",
        "http://a b/v1",
        "http://[::1/v1",
        "http:///v1",
        "http://me:secret@127.0.0.1/v1",
    ],
)
def test_an_address_that_is_none_is_told(asks, url):
    with pytest.raises(exceptions.AddressWrong) as caught:
        draft(asks(url=url))

    assert "secret" not in str(caught.value)


def test_a_server_of_ones_own_is_called_by_its_address():
    endpoint = Endpoint(PRESETS["other"], f"http://127.0.0.1:{free_port()}/v1", KEY)

    with pytest.raises(exceptions.ProviderUnreachable) as caught:
        draft(DraftRequest(endpoint, "small", Context([Line("Hi")]), limits=PATIENT))

    assert str(caught.value).startswith("127.0.0.1:")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "no-such-host.invalid"])
def test_nobody_at_the_address(asks, host):
    with pytest.raises(exceptions.ProviderUnreachable):
        draft(asks(url=f"http://{host.format(port=free_port())}/v1"))


# ── Late ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_takes_no_connections_is_given_up(asks):
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        with pytest.raises(exceptions.ProviderUnreachable):
            draft(
                asks(
                    url=f"http://127.0.0.1:{full.getsockname()[1]}",
                    limits=Limits(connect_seconds=0.2, idle_seconds=5, total_seconds=10),
                )
            )


def test_a_model_that_hangs_is_given_up(server, asks):
    server.script(Answer(trouble=HANG))

    with pytest.raises(exceptions.ModelTimedOut) as caught:
        draft(asks(limits=Limits(idle_seconds=0.3, total_seconds=10)))

    assert "0.3 s" in str(caught.value)
    wait_until(lambda: server.left == 1, "the server to notice")


def test_signs_of_life_do_not_stretch_the_deadline(server, asks, meter):
    server.script(Answer("One two three four.", trouble=DRIP))

    with pytest.raises(exceptions.ModelTimedOut) as caught:
        draft(asks(limits=Limits(idle_seconds=10, total_seconds=0.5)), meter=meter)

    assert "0.5 s" in str(caught.value)
    assert meter.spent.is_estimated
    wait_until(lambda: server.left == 1, "the server to notice")


# ── Broken, empty, endless ────────────────────────────────────────────────────────────────────────────────


def test_a_stream_that_is_cut_leaves_no_half_draft(server, asks, meter):
    told = []
    server.script(Answer("One two three four five six.", trouble=CUT))

    with pytest.raises(exceptions.AnswerCutOff):
        draft(asks(), told.append, meter=meter)

    assert told
    assert meter.spent.is_estimated


def test_a_stream_that_ends_too_soon_leaves_no_half_draft(server, asks):
    server.script(Answer("One two three", finish=""))

    with pytest.raises(exceptions.AnswerCutOff):
        draft(asks())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body="<html>It works!</html>", content_type="text/html"),
        Answer(body=""),
        Answer(body="{", content_type="text/event-stream"),
        Answer(body='{"ok": true}'),
        Answer(body="\x00\x01\x02", content_type="application/octet-stream"),
        Answer(events=("data: {not json",)),
        Answer(events=("event: message_start\ndata: {not json",)),
        Answer(events=('event: content_block_delta\ndata: ["list"]',)),
        Answer(events=("data: [1, 2]",)),
        Answer(events=("data: null",)),
        Answer(events=('data: {"choices": [{"delta": {"content": {"a": 1}}}]}',)),
    ],
)
def test_garbage_is_no_draft(server, asks, answer):
    server.script(answer)

    with pytest.raises(exceptions.AnswerGarbled):
        draft(asks())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("overloaded_error", exceptions.ProviderTrouble),
        ("rate_limit_error", exceptions.RateLimited),
        ("something_else", exceptions.ProviderTrouble),
    ],
)
def test_an_error_in_the_middle_of_a_stream(server, asks, provider, code, error):
    prefix = "event: error\n" if provider == "anthropic" else ""
    body = f'{prefix}data: {{"type": "error", "error": {{"type": "{code}", "message": "No: {KEY}"}}}}'
    server.script(Answer(events=(body,)))

    with pytest.raises(error) as caught:
        draft(asks())

    assert KEY not in str(caught.value)


@pytest.mark.parametrize("text", ["", "  \n ", "<think>Hm.</think>", "<think>For ever"])
def test_an_empty_answer_is_none(server, asks, text, meter):
    server.script(Answer(text))

    with pytest.raises(exceptions.AnswerEmpty):
        draft(asks(), meter=meter)

    assert meter.spent.tokens_out == 12


def test_a_refusal_of_the_model_is_none(server, asks, meter):
    server.script(Answer("I would rather", finish="refusal"))

    with pytest.raises(exceptions.AnswerRefused):
        draft(asks(), meter=meter)

    assert not meter.spent.is_estimated


def test_an_answer_that_reached_its_limit_is_not_cut_for_sending(server, asks):
    server.script(Answer("One two", finish="length"))

    with pytest.raises(exceptions.AnswerTooLong):
        draft(asks())


def test_ten_thousand_tokens_are_not_waited_for(server, asks, meter):
    told = []
    server.script(Answer(LONG_TEXT))

    with pytest.raises(exceptions.AnswerTooLong):
        draft(asks(), told.append, meter=meter)

    assert len(told[-1]) <= PATIENT.max_characters
    assert meter.spent.is_estimated
    assert 800 < meter.spent.tokens_out < 3000


def test_tokens_are_estimated_when_the_provider_does_not_tell(server, asks):
    server.script(Answer("Begin with a small sum.", has_usage=False))

    spent = draft(asks()).spent

    assert spent.is_estimated
    assert spent.tokens_in > 100
    assert spent.tokens_out == 8
