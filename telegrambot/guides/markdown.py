"""Markdown as Telegram can show it.

Telegram knows bold, italic, strikethrough, links, code and quotations, see
https://core.telegram.org/bots/api#html-style; everything else of CommonMark is told with what there is.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_block import paragraph
from markdown_it.token import Token

from telegrambot.engine.links import is_https_link

_RULE = "— — —"
_BULLETS = ("•", "◦", "▪")
_INLINE = {"strong": "b", "em": "i", "s": "s"}
# Raw HTML is text like any other.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable("strikethrough")
# Every level of quotations and lists (these count twice) takes some of Python's stack: the marks of deeper
# ones are text. At its own limit the parser would leave that text out, and all that follows.
_DEEPEST = 50
_parser.block.ruler.before(
    "code",
    "too_deep",
    lambda state, start, end, silent: state.level >= _DEEPEST and paragraph(state, start, end, silent),
)


def to_telegram_html(text: str) -> str:
    """Turn Markdown into Telegram HTML: always well formed, whatever is typed; links lead to https only."""
    return _Renderer().render(_parser.parse(text))


class _Renderer:
    """One pass over the parser's tokens; the text grows block by block."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._lists: list[int | None] = []  # the next number of each open list; None for bullets
        self._quotes = 0
        self._is_heading = False

    def render(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            getattr(self, f"_{token.type}", self._ignored)(token)
        return "".join(self._parts).strip("\n")

    def _ignored(self, token: Token) -> None:
        """What needs no mark of its own."""

    # ── Blocks ────────────────────────────────────────────────────────────────────────────────────────────

    def _inline(self, token: Token) -> None:
        self._parts.append(_spans(token.children or [], is_bold=self._is_heading))

    def _paragraph_close(self, token: Token) -> None:
        self._parts.append("\n" if token.hidden else self._gap())

    def _heading_open(self, token: Token) -> None:
        self._is_heading = True
        self._parts.append("<b>")

    def _heading_close(self, token: Token) -> None:
        self._is_heading = False
        self._parts.append("</b>" + self._gap())

    def _fence(self, token: Token) -> None:
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        opening = f'<code class="language-{escape(language)}">' if language else "<code>"
        if token.content.strip():
            self._parts.append(f"<pre>{opening}{escape(token.content.rstrip())}</code></pre>{self._gap()}")

    _code_block = _fence

    def _hr(self, token: Token) -> None:
        self._parts.append(_RULE + self._gap())

    def _blockquote_open(self, token: Token) -> None:
        self._quotes += 1
        if self._quotes == 1:  # Telegram does not nest them
            self._parts.append("<blockquote>")

    def _blockquote_close(self, token: Token) -> None:
        self._quotes -= 1
        if self._quotes == 0:
            self._trim()
            self._parts.append("</blockquote>" + self._gap())

    def _bullet_list_open(self, token: Token) -> None:
        self._lists.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        self._lists.append(int(token.attrs.get("start", 1)))

    def _list_close(self, token: Token) -> None:
        self._lists.pop()
        if not self._lists:
            self._trim()
            self._parts.append("\n\n")

    _bullet_list_close = _ordered_list_close = _list_close

    def _list_item_open(self, token: Token) -> None:
        number, depth = self._lists[-1], len(self._lists) - 1
        if self._parts and self._parts[-1] == "\n\n":
            self._parts[-1] = "\n"
        mark = _BULLETS[min(depth, len(_BULLETS) - 1)] if number is None else f"{number}."
        self._parts.append("\u2003" * depth + mark + " ")
        if number is not None:
            self._lists[-1] = number + 1

    def _gap(self) -> str:
        return "\n" if self._lists else "\n\n"

    def _trim(self) -> None:
        while self._parts and not self._parts[-1].strip("\n"):
            self._parts.pop()


def _spans(tokens: Sequence[Token], *, is_bold: bool) -> str:
    """The running text of a paragraph; a heading is bold already."""
    parts: list[str] = []
    links: list[bool] = []
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        match token.type:
            case "text" | "html_inline":
                parts.append(escape(token.content))
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "code_inline":
                parts.append(f"<code>{escape(token.content)}</code>" if token.content else "")
            case "link_open":
                address = str(token.attrs.get("href", ""))
                links.append(is_https_link(address))
                parts.append(f'<a href="{escape(address)}">' if links[-1] else "")
            case "link_close":
                parts.append("</a>" if links.pop() else "")
            case "image":
                parts.append(_image(token, is_inside_link=any(links)))
            case _ if name in _INLINE and not (is_bold and name == "strong"):
                parts.append(f"</{_INLINE[name]}>" if token.nesting < 0 else f"<{_INLINE[name]}>")
    return "".join(parts)


def _image(token: Token, *, is_inside_link: bool) -> str:
    address, label = str(token.attrs.get("src", "")), escape(token.content or "🖼")
    if is_inside_link or not is_https_link(address):
        return label
    return f'<a href="{escape(address)}">{label}</a>'
