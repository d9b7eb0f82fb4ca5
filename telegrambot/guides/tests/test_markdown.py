"""What people write in Markdown, as Telegram gets it."""

from __future__ import annotations

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from telegrambot.engine.html_markup import parse_html
from telegrambot.engine.splitting import MAX_TEXT, length, split
from telegrambot.guides.markdown import to_telegram_html

MARKDOWN = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            [
                "**", "*", "_", "~~", "`", "```", "\n", "\n\n", "> ", "- ", "1. ", "# ", "  ", "    ", "---",
                "[a](https://e.org)", "[", "](", ")", "![x](https://e.org/p.png)", "|", "\\", "😀",
                "<b>", "</b>", "&lt;",
            ]
        ),
    ),
    max_size=30,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("**bold** and *italic* and ~~gone~~", "<b>bold</b> and <i>italic</i> and <s>gone</s>"),
        ("# A **very** good title\ntext", "<b>A very good title</b>\n\ntext"),
        ("a `x < y` b", "a <code>x &lt; y</code> b"),
        (
            "```python\nif a < b:\n    pass\n```",
            '<pre><code class="language-python">if a &lt; b:\n    pass</code></pre>',
        ),
        ("    indented", "<pre><code>indented</code></pre>"),
        ("- one\n- two\n\nafter", "• one\n• two\n\nafter"),
        ("3. one\n4. two", "3. one\n4. two"),
        ("- one\n  - inner\n- two", "• one\n\u2003◦ inner\n• two"),
        ("> quoted\n> on\n\nafter", "<blockquote>quoted\non</blockquote>\n\nafter"),
        ("> a\n>> b", "<blockquote>a\n\nb</blockquote>"),
        ("a\n\n---\n\nb", "a\n\n— — —\n\nb"),
        ("[site](https://example.org/a?b=1&c=2)", '<a href="https://example.org/a?b=1&amp;c=2">site</a>'),
        ("[site](http://example.org)", "site"),
        ("[site](javascript:alert(1))", "[site](javascript:alert(1))"),
        ("[site](tg://user?id=1)", "site"),
        ("![chart](https://example.org/c.png)", '<a href="https://example.org/c.png">chart</a>'),
        ("![](http://example.org/c.png)", "🖼"),
        (
            "<b>raw</b> & <script>alert(1)</script>",
            "&lt;b&gt;raw&lt;/b&gt; &amp; &lt;script&gt;alert(1)&lt;/script&gt;",
        ),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_written_and_what_is_shown(written, shown):
    assert to_telegram_html(written) == shown


@given(MARKDOWN)
def test_whatever_is_typed_telegram_can_read_it(written):
    shown = to_telegram_html(written)

    parse_html(shown)
    for part in split(shown):
        assert length(part) <= MAX_TEXT
        parse_html(part)


def test_deep_nesting_is_shown():
    items = [f"item {depth}" for depth in range(20)]
    lists = "".join("  " * depth + f"- {item}\n" for depth, item in enumerate(items))

    shown = to_telegram_html("> " * 40 + "deep\n\n" + lists)

    assert "<blockquote>deep</blockquote>" in shown
    assert [line.split(maxsplit=1)[1] for line in shown.splitlines()[2:]] == items


@pytest.mark.parametrize("mark", ["> ", "- ", "1. "])
def test_of_what_lies_too_deep_the_marks_are_text_and_nothing_is_lost(mark):
    shown = to_telegram_html(mark * 10_000 + "*deep*\n\nafter" + "*" * 5000)

    assert f"{escape(mark)}<i>deep</i>" in shown
    assert "after" in shown
    parse_html(shown)
