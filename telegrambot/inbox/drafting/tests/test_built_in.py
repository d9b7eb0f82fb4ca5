"""The drafter without a model, and what all drafts go through."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from telegrambot.engine.knowledge import Excerpt
from telegrambot.inbox.drafting import exceptions
from telegrambot.inbox.drafting.built_in import MAX_QUOTED, quoted
from telegrambot.inbox.drafting.context import Context, Line
from telegrambot.inbox.drafting.drafts import draft
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint, Protocol
from telegrambot.inbox.drafting.prices import PRICES, Price, cost_of, price_of
from telegrambot.inbox.drafting.prompts import VERSION
from telegrambot.inbox.drafting.requests import DraftRequest
from tests.model_server.answers import Answer
from tests.project import ROOT

ENGLISH = Excerpt("Leverage", "It is borrowed money. Begin without any.", "https://example.org/l", "guide:1")
RUSSIAN = Excerpt("Плечо", "Это заёмные деньги. Начните без них.", "https://example.org/p", "guide:2")


def asked(*excerpts, language="en"):
    context = Context([Line("What is leverage?")], language=language, excerpts=excerpts)
    return DraftRequest(Endpoint(PRESETS["built_in"]), "", context)


def test_it_passes_on_what_a_guide_says():
    told = []

    drafted = draft(asked(ENGLISH), told.append)

    assert drafted.text == (
        "This is what “Leverage” says:\n\nIt is borrowed money. Begin without any.\n\nMore: https://example.org/l"
    )
    assert told == [drafted.text]
    assert drafted.excerpts == (ENGLISH,)
    assert drafted.spent.cost == Decimal(0)


def test_a_guide_in_the_persons_language_goes_first():
    assert draft(asked(RUSSIAN, ENGLISH)).excerpts == (ENGLISH,)
    assert draft(asked(ENGLISH, RUSSIAN, language="ru")).excerpts == (RUSSIAN,)


def test_of_a_guide_in_another_language_only_the_link_is_passed_on():
    drafted = draft(asked(RUSSIAN))

    assert drafted.text == "You will find the answer in “Плечо”: https://example.org/p"


@pytest.mark.parametrize("excerpts", [(), (Excerpt("Empty", " "),), (Excerpt("Плечо", RUSSIAN.text),)])
def test_it_says_that_it_cannot(excerpts):
    told = []

    with pytest.raises(exceptions.NothingKnown):
        draft(asked(*excerpts), told.append)

    assert told == []


def test_long_guides_are_quoted_in_whole_sentences():
    text = quoted("One sentence of many words. " * 100)

    assert len(text) <= MAX_QUOTED
    assert text.endswith("words.")
    assert quoted("x" * 5000) == "x" * (MAX_QUOTED - 1) + "…"


def test_the_language_of_the_question_decides_when_no_other_is_known():
    context = Context([Line("Подскажите, что такое плечо?")], excerpts=[ENGLISH, RUSSIAN])

    assert draft(DraftRequest(Endpoint(PRESETS["built_in"]), "", context)).excerpts == (RUSSIAN,)


def test_the_question_is_all_since_our_last_answer():
    lines = [Line("Old"), Line("Answer", is_ours=True), Line("One"), Line("two?")]

    assert Context(lines).question == "One\ntwo?"
    assert Context(lines[:2]).question == ""


def test_what_a_model_writes_is_checked_and_paid_for(server, asks, meter):
    server.script(Answer("Please log in at https://evil.example", tokens_in=50, tokens_out=9))

    with pytest.raises(exceptions.LinkNotAllowed):
        draft(asks(), meter=meter)

    assert (meter.spent.tokens_in, meter.spent.tokens_out) == (50, 9)


def test_a_drafted_reply_says_what_it_was_made_from(server, asks):
    context = Context(
        [Line("Hi"), Line("Hello!", is_ours=True), Line("What is leverage?")],
        summary="New here.",
        excerpts=[ENGLISH],
    )

    drafted = draft(asks(context=context))

    assert (drafted.line_count, drafted.excerpts, drafted.has_summary) == (3, (ENGLISH,), True)
    assert drafted.prompt_version == VERSION


# ── Prices ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-5-mini", "gpt-5-mini"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-5-mini-20250807", "gpt-5-mini"),
        ("gpt-5", "gpt-5"),
        ("gpt-5-large", None),
        ("gpt", None),
    ],
)
def test_a_price_is_one_models_whatever_its_edition(model, known):
    assert price_of("openai", model) == (PRICES["openai"][known] if known else None)


def test_a_model_of_ones_own_does_not_cost_what_its_namesake_does():
    assert price_of("vllm", "gpt-5") is None
    assert cost_of("vllm", "gpt-5", 1000, 1000) is None


def test_prices_are_for_a_million():
    assert price_of("openai", "gpt-4.1") == Price(Decimal(2), Decimal(8))
    assert cost_of("openai", "gpt-4.1", 500_000, 250_000) == Decimal(3)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_preset_has_an_address_but_those_that_cannot(preset):
    assert bool(preset.base_url) is (preset.name != "other" and preset.protocol is not Protocol.BUILT_IN)


def test_the_sdks_are_not_loaded_until_they_are_used():
    code = (
        "import django, sys; django.setup();"
        "import telegrambot.inbox.drafting.drafts;"
        "print(sorted({'openai', 'anthropic', 'httpx2'} & {*sys.modules}))"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true", "PATH": "/usr/bin:/bin"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
