"""The sources of knowledge, asked together."""

from __future__ import annotations

import pytest

from telegrambot.accounts.models import TelegramUser
from telegrambot.engine import knowledge
from telegrambot.engine.knowledge import Excerpt, KnowledgeSource


@pytest.fixture
def asked(monkeypatch):
    """Two sources; what they were asked."""
    asked = []

    def source(name, *titles):
        def search(words, person, limit):
            asked.append((name, words, person, limit))
            return [Excerpt(title, "") for title in titles]

        return KnowledgeSource(name, search)

    monkeypatch.setattr(knowledge, "_sources", {})
    knowledge.register(source("facts", "F1", "F2"))
    knowledge.register(source("guides", "G1", "G2", "G3"))
    return asked


def test_the_best_of_each_source_come_first(asked):
    person = TelegramUser()

    found = knowledge.search(" how? ", person, limit=4)

    assert [excerpt.title for excerpt in found] == ["F1", "G1", "F2", "G2"]
    assert asked == [("facts", "how?", person, 4), ("guides", "how?", person, 4)]


@pytest.mark.parametrize("words", ["", "  ", "\x00"])
def test_without_words_nobody_is_asked(asked, words):
    assert knowledge.search(words, TelegramUser()) == []
    assert asked == []


def test_of_a_long_text_the_end_is_asked(asked):
    knowledge.search("x" * 5000 + "y", TelegramUser())

    assert asked[0][1] == "x" * (knowledge.MAX_WORDS - 1) + "y"


@pytest.mark.usefixtures("asked")
def test_two_sources_cannot_share_a_name():
    with pytest.raises(ValueError, match="'facts'"):
        knowledge.register(KnowledgeSource("facts", lambda _words, _person, _limit: []))
