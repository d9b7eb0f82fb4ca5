"""Long texts cut into messages."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telegrambot.engine.formatted_text import utf16_length
from telegrambot.engine.html_markup import parse_html
from telegrambot.engine.splitting import length, split


def visible(text: str) -> str:
    return html.unescape(re.sub(r"<[^<>]+>", "", text))


class Tags(HTMLParser):
    """Fails where a tag is not closed in the order it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def assert_balanced(part: str) -> None:
    tags = Tags()
    tags.feed(part)
    assert tags.open == []


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", 0),
        ("abc", 3),
        ("👋", 2),
        ("<b>a</b>", 1),
        ("&lt;b&gt;", 3),
        ("&amp;lt;", 4),
        # Telegram knows four names and no others.
        ("&nbsp;&notit;", 13),
        ("?a=1&copy=2", 11),
        ("&#128075;&#x41;", 3),
        ('<a href="x">я</a>', 1),
    ],
)
def test_length_counts_what_is_read(text, units):
    assert length(text) == units


def test_what_fits_stays_whole():
    assert split("x" * 4096) == ["x" * 4096]
    assert split("👋" * 2048) == ["👋" * 2048]
    assert split("  \n ") == split("<b> </b>") == []


def test_a_cut_prefers_paragraphs_then_lines_then_sentences_then_words():
    assert split("aaaaa\n\nbb\ncccc", 10) == ["aaaaa", "bb\ncccc"]
    assert split("aaaaaa\nbbbbbb", 10) == ["aaaaaa", "bbbbbb"]
    assert split("One two. Three four", 12) == ["One two.", "Three four"]
    assert split("aaaaaaaaa bbbbbb", 10) == ["aaaaaaaaa", "bbbbbb"]
    assert split("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_an_open_tag_goes_on_in_the_next_part():
    assert split('<a href="u v">' + "x" * 15 + "</a>", 10) == [
        '<a href="u v">' + "x" * 10 + "</a>",
        '<a href="u v">' + "x" * 5 + "</a>",
    ]


def test_neither_an_entity_nor_an_emoji_is_cut():
    assert split("&amp;" * 12, 5) == ["&amp;" * 5, "&amp;" * 5, "&amp;" * 2]
    assert split("👋" * 5, 5) == ["👋👋", "👋👋", "👋"]


def test_names_that_telegram_does_not_know_are_counted_as_they_are_written():
    parts = split("a&nbsp;&mdash; b " * 300)
    assert len(parts) == 2
    assert all(utf16_length(parse_html(part).text) <= 4096 for part in parts)
    assert split("&" + "x" * 24 + ";", 13) == ["&" + "x" * 12, "x" * 12 + ";"]


def test_a_megabyte_is_cut_in_reasonable_time():
    parts = split("<i>word</i> " * 80_000)
    assert sum(visible(part).count("word") for part in parts) == 80_000


PIECES = st.sampled_from(["word ", "я", "👋", "&lt;", "&amp;", "\n", "\n\n", ". ", "&lt;3", "a b", "x" * 30])
TEXTS = st.recursive(
    st.lists(PIECES, max_size=20).map("".join),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["b", "i", "pre", 'a href="https://a.b/?c d=1&amp;e"']),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(2, 60))
def test_nothing_is_lost_or_broken(text, limit):
    parts = split(text, limit)

    for part in parts:
        assert length(part) <= limit
        assert visible(part).strip()
        assert_balanced(part)
    squeezed = re.sub(r"\s+", "", visible(text))
    assert re.sub(r"\s+", "", "".join(map(visible, parts))) == squeezed
