"""Texts are checked before anybody gets them, and the place of a mistake is named."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError

from telegrambot.broadcasts.buttons import validate_buttons
from telegrambot.broadcasts.markup import fill, has_variables, is_blank, validate_markup

ANN = {"first_name": "Ann & <Bob>", "last_name": "", "username": ""}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Hello", "Hello"),
        ("Hi {first_name}!", "Hi Ann &amp; &lt;Bob&gt;!"),
        ("Hi {last_name|friend}!", "Hi friend!"),
        ("Hi {last_name}!", "Hi !"),
        ("Hi {first_name|friend}!", "Hi Ann &amp; &lt;Bob&gt;!"),
        ("{ first_name } {} {1} {price}", "{ first_name } {} {1} {price}"),
    ],
)
def test_variables(text, read):
    assert fill(text, ANN) == read


def test_whether_there_are_variables():
    assert has_variables("a {username|you}")
    assert not has_variables("a {price}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("one\ntwo <b>three", "Line 2, character 13: Telegram cannot read this"),
        ("привет\n<blink>x</blink>", 'Line 2, character 1.*Unsupported start tag "blink"'),
        ("a</i>", "Line 1, character 2.*Unexpected end tag"),
        ("<b><i>a</b></i>", "Line 1, character 8.*Unmatched end tag"),
        ("Hi {name}!", r"Line 1, character 4: there is no variable \{name\}. There are: \{first_name\}"),
        (
            "Hi { first_name }!",
            r"Line 1, character 4: a variable is written \{first_name\}, or \{first_name\|",
        ),
        ("Hi {First_name}!", "Line 1, character 4: a variable is written"),
        ("Hi {first_name|<b>you</b>}!", "Line 1, character 4: a variable is written"),
        (
            'one\n<a href="https://[site]/">x</a>',
            r"Line 2, character 1: Telegram would drop this link \(https://\[site\]/\)",
        ),
        ('<b>a</b> <a href="word">x</a>', r"Line 1, character 10: Telegram would drop this link \(word\)"),
        ('<a href="tel:+100">x</a>', r"Line 1, character 1: Telegram would drop this link \(tel:\+100\)"),
        ("x" * 4097, "may have 4096 characters and has up to 4097"),
        ("x" * 4000 + "{first_name}", "up to 4128"),
        ("&nbsp;" * 683, "up to 4098"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, sentence):
    with pytest.raises(ValidationError) as caught:
        validate_markup(text)
    assert re.search(sentence, caught.value.messages[0])


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [("", True), (" <b> </b>\n", True), ("{first_name} ", True), ("{first_name|you}", False), ("x", False)],
)
def test_what_says_nothing_to_somebody_without_a_name(text, is_empty):
    assert is_blank(text) is is_empty


def test_captions_are_shorter():
    validate_markup("x" * 1024, is_caption=True)
    with pytest.raises(ValidationError, match="1024"):
        validate_markup("x" * 1025, is_caption=True)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[{"text": "Site", "url": "https://example.org/a"}], [{"text": "Help", "command": "help"}]],
        [[{"text": "Guide", "link": "guide_4f1f0c52-0000-0000-0000-000000000000"}]],
    ],
)
def test_good_buttons(rows):
    validate_buttons(rows)


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [[]],
        [["x"]],
        [[{"text": "a"}]],
        [[{"text": "", "url": "https://e.org"}]],
        [[{"text": "a", "url": "http://e.org"}]],
        [[{"text": "a", "url": "https://["}]],
        [[{"text": "a", "url": "https://localhost/x"}]],
        [[{"text": "a", "url": "https://intranet"}]],
        [[{"text": "a", "url": "javascript:alert(1)"}]],
        [[{"text": "a", "command": "/help me"}]],
        [[{"text": "a", "link": "ü"}]],
        [[{"text": "a", "url": "https://e.org", "command": "help"}]],
        [[{"text": "a", "data": "engine.run_command:x"}]],
        [[{"text": "a", "url": 1}]],
        [[{"text": "x" * 41, "url": "https://e.org"}]],
        [[{"text": "a", "command": "help"}] * 4],
        [[{"text": "a", "command": "help"}]] * 9,
    ],
)
def test_bad_buttons_are_refused_in_a_sentence(rows):
    with pytest.raises(ValidationError) as caught:
        validate_buttons(rows)
    assert caught.value.messages[0].endswith(".")
