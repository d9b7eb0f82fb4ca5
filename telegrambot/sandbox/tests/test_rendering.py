from __future__ import annotations

import pytest

from telegrambot.engine.formatted_text import FormattedText
from telegrambot.engine.html_markup import parse_html
from telegrambot.sandbox.detection import detect
from telegrambot.sandbox.rendering import render


def rendered(html: str) -> str:
    formatted = parse_html(html)
    return render(formatted.text, formatted.entities)


@pytest.mark.parametrize(
    "html",
    [
        "<b>a <i>b</i></b> c",
        "<u>x</u><s>y</s>",
        "😀 <b>é😀</b> &lt;script&gt;alert(1)&lt;/script&gt;",
        "<blockquote>q <code>c &amp; d</code></blockquote>",
    ],
)
def test_simple_formatting_comes_back(html: str) -> None:
    assert rendered(html) == html


def test_a_block_keeps_its_language() -> None:
    assert rendered('<pre><code class="language-python">x</code></pre>') == (
        '<pre data-language="python"><code>x</code></pre>'
    )


def test_links_open_elsewhere_and_only_safe_ones() -> None:
    html = rendered('<a href="https://x.org/&quot;&gt;">x</a>')
    assert 'href="https://x.org/&quot;&gt;"' in html
    assert 'rel="noopener noreferrer"' in html

    evil = [{"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}]
    assert render("x", evil) == "x"


@pytest.mark.parametrize(
    "address", ["http://[your-domain]/admin", "http://[::1", "https://[IP]:8000/x", "http://ex℀mple.com/x"]
)
def test_an_address_that_cannot_be_read_stays_text(address: str) -> None:
    formatted = detect(FormattedText(f"See {address} and t.me/x"))
    html = render(formatted.text, formatted.entities)

    assert address in html
    assert html.count("<a ") == 1


def test_commands_links_and_addresses_can_be_used() -> None:
    formatted = detect(FormattedText("/help t.me/x a@b.org @someone"))
    html = render(formatted.text, formatted.entities)

    assert '<button type="button" class="command" data-send="/help">/help</button>' in html
    assert 'href="https://t.me/x"' in html
    assert 'href="mailto:a@b.org"' in html
    assert '<span class="mention">@someone</span>' in html


def test_overlapping_and_unknown_entities_do_no_harm() -> None:
    entities = [
        {"type": "bold", "offset": 0, "length": 3},
        {"type": "italic", "offset": 2, "length": 3},
        {"type": "<b onclick=x>", "offset": 4, "length": 50},
    ]
    assert render("abcd<f", entities) == "<b>ab<i>c</i></b>d&lt;f"


def test_a_text_without_entities_is_escaped() -> None:
    assert render("<img src=x onerror=alert(1)>", []) == "&lt;img src=x onerror=alert(1)&gt;"
