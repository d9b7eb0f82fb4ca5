from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegrambot.engine.formatted_text import FormattedText, cleaned, trimmed, utf16_length
from telegrambot.engine.html_markup import MarkupError, dropped_links, parse_html
from telegrambot.sandbox.detection import detect


def kinds(html: str) -> list[tuple[str, int, int]]:
    return [(entity["type"], entity["offset"], entity["length"]) for entity in parse_html(html).entities]


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("b", "bold"),
        ("strong", "bold"),
        ("i", "italic"),
        ("em", "italic"),
        ("u", "underline"),
        ("ins", "underline"),
        ("s", "strikethrough"),
        ("strike", "strikethrough"),
        ("del", "strikethrough"),
        ("tg-spoiler", "spoiler"),
        ("code", "code"),
        ("pre", "pre"),
        ("blockquote", "blockquote"),
    ],
)
def test_every_plain_tag_is_known(tag: str, kind: str) -> None:
    assert kinds(f"a <{tag.upper()}>bc</{tag}>") == [(kind, 2, 2)]


def test_offsets_count_utf16_units() -> None:
    assert kinds("😀<b>é😀</b>") == [("bold", 2, 3)]


def test_nested_entities_come_outer_first() -> None:
    assert kinds("<i>x</i><b><i>a</i>b</b>") == [("italic", 0, 1), ("bold", 1, 2), ("italic", 1, 1)]


@pytest.mark.parametrize(
    ("html", "entity"),
    [
        (
            '<a href="https://x.org/?a=1&amp;b=2">x</a>',
            {"type": "text_link", "url": "https://x.org/?a=1&b=2"},
        ),
        ("<a href='x.org'>x</a>", {"type": "text_link", "url": "http://x.org"}),
        ('<a href="tg://user?id=1">x</a>', {"type": "text_link", "url": "tg://user?id=1"}),
        ('<span class="tg-spoiler">x</span>', {"type": "spoiler"}),
        ('<pre><code class="language-python">x</code></pre>', {"type": "pre", "language": "python"}),
        ('<code class="language-python">x</code>', {"type": "code"}),
        ("<blockquote expandable>x</blockquote>", {"type": "expandable_blockquote"}),
        ('<tg-emoji emoji-id="5368">x</tg-emoji>', {"type": "custom_emoji", "custom_emoji_id": "5368"}),
        (
            '<tg-time unix="1700000000" format="r">x</tg-time>',
            {"type": "date_time", "unix_time": 1700000000, "date_time_format": "r"},
        ),
    ],
)
def test_tags_with_attributes(html: str, entity: dict[str, object]) -> None:
    assert parse_html(html).entities == [{"offset": 0, "length": 1, **entity}]


@pytest.mark.parametrize("html", ["<a>x</a>", '<a href="">x</a>', "<a href=''>no link</a>", "<b></b>"])
def test_what_would_mark_nothing_is_left_out(html: str) -> None:
    assert parse_html(html).entities == []


def test_only_four_named_characters_are_decoded() -> None:
    assert parse_html("&lt;&gt;&amp;&quot;&#33;&#x41;&nbsp;&copy;&").text == '<>&"!A&nbsp;&copy;&'


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("é</b>", "Unexpected end tag at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b ", "Unclosed start tag at byte offset 0"),
        ('<a href="x>a</a>', "Unclosed start tag at byte offset 0"),
        ("<a href=x!y>a</a>", "Unexpected end of name token at byte offset 3"),
        ("<b x>a</b>", 'Expected equal sign in declaration of an attribute of the tag "b" at byte offset 0'),
        ("<b =3>a</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="x">x</tg-emoji>', "Invalid custom emoji identifier specified"),
        ('<tg-time unix="soon">x</tg-time>', "Invalid date specified"),
    ],
)
def test_errors_are_worded_as_telegram_does(html: str, complaint: str) -> None:
    with pytest.raises(MarkupError) as error:
        parse_html(html)
    assert str(error.value) == complaint


@given(st.text(alphabet="<>/ab =\"'&;é😀\n-", max_size=60))
def test_anything_is_parsed_or_refused(html: str) -> None:
    try:
        formatted = parse_html(html)
    except MarkupError:
        return
    length = utf16_length(formatted.text)
    assert all(0 <= e["offset"] < e["offset"] + e["length"] <= length for e in formatted.entities)


def test_white_space_at_the_ends_goes_and_entities_follow() -> None:
    text = trimmed(parse_html(" <b> bold </b> <i> </i> "))

    assert text == FormattedText("bold", [{"type": "bold", "offset": 0, "length": 4}])


def test_control_characters_become_spaces() -> None:
    assert cleaned("a\x00b\tc\r\nd\x1f") == "a b c\nd "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start now", [("bot_command", "/start")]),
        ("say /help@my_bot!", [("bot_command", "/help@my_bot")]),
        ("a/b path/to </x> /", []),
        ("@olivia_novak and me@x.org", [("mention", "@olivia_novak"), ("email", "me@x.org")]),
        ("#новости2 #12", [("hashtag", "#новости2")]),
        ("see https://x.org/a/b?c=#d.", [("url", "https://x.org/a/b?c=#d")]),
        ("(t.me/durov)", [("url", "t.me/durov")]),
        ("😀 /start", [("bot_command", "/start")]),
    ],
)
def test_what_telegram_finds_by_itself(text: str, found: list[tuple[str, str]]) -> None:
    units = text.encode("utf-16-le")
    entities = detect(FormattedText(text)).entities

    assert [
        (e["type"], units[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
        for e in entities
    ] == found


def test_nothing_is_found_in_code_and_links() -> None:
    html = '<code>/start</code> <a href="https://x.org">/help</a> <b>/menu</b>'

    assert [e["type"] for e in detect(parse_html(html)).entities] == [
        "code",
        "text_link",
        "bold",
        "bot_command",
    ]


def test_dropped_links_are_told_with_their_places() -> None:
    html = '<b>é</b> <a href="https://x.org">good</a> <a href="https://[x]/">bad</a> <a>worse</a>'
    assert dropped_links(html) == [
        (html.index('<a href="https://[x]'), "https://[x]/"),
        (html.index("<a>"), "worse"),
    ]
    assert [entity["type"] for entity in parse_html(html).entities] == ["bold", "text_link"]
