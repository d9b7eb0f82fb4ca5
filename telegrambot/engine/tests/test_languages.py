"""Telling what language somebody writes."""

from __future__ import annotations

import pytest

from telegrambot.engine.languages import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Привет", "ru"),
        ("Сколько стоит iPhone 15 Pro Max?", "ru"),
        ("та же цена, что и вчера?", "ru"),
        ("Спасибо!! 🙏", "ru"),
        ("см. https://example.com/the-price-of-it и /help", "ru"),
        ("Hello", "en"),
        ("Hi there, how much is it?", "en"),
        ("I’d like to buy a guide", "en"),
        ("the price in Москва", "en"),
        ("come here", "en"),
        ("Hallo, wie geht es dir?", "other"),
        ("Hola, ¿cuánto cuesta?", "other"),
        ("Bonjour, je voudrais savoir", "other"),
        ("Merhaba nasılsın", "other"),
        ("Привіт, як справи?", "other"),
        ("Здравей, какво е това?", "other"),
        ("privet kak dela", "other"),
        ("مرحبا كيف حالك", "other"),
        ("你好", "other"),
        ("שלום", "other"),
        ("", ""),
        ("👍 12345 !?", ""),
        ("/start", ""),
        ("https://example.com @somebody a@b.cd", ""),
        ("refund", ""),
        ("\x00\ud83d", ""),
    ],
)
def test_it_is_told_by_script_and_everyday_words(text, language):
    assert detect(text) == language


def test_only_the_beginning_of_a_long_text_is_looked_at():
    assert detect("hello " * 100 + "привет " * 100_000) == "en"
