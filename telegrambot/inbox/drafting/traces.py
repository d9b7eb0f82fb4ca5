"""What in a text leads to somebody or somewhere: links, addresses, usernames, telephone numbers, names."""

from __future__ import annotations

import re

# Enough to tell a bare "example.com" from a missing space after a full stop.
_TLD = (
    "app|bot|biz|by|club|co|com|de|dev|eu|info|io|kz|link|live|me|net|online|org|ru|shop|site|store|su|tg|top|"
    "ua|uk|us|xyz|рф"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]*://|\bwww\.)[^\s<>\"'“”«»]+", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w@.])(?:[\w-]+\.)+(?:{_TLD})\b(?:[/?#][^\s<>\"'“”«»]*)?", re.IGNORECASE)
_USERNAME = re.compile(r"(?<![\w@/.])@([A-Za-z]\w{3,31})\b")
_DATE = re.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})\b")
_NUMBER = re.compile(r"(?<![\w])\+?\(?\d(?:[ \u00a0().-]{0,2}\d){8,18}(?!\w)")
_NAME = re.compile(r"\b([^\W\d_a-zа-яё][^\W\d_]+)[ \u00a0]([^\W\d_a-zа-яё][^\W\d_]+)\b")


def links(text: str) -> set[str]:
    """Every link, in one spelling: no scheme of the web, no slash and no full stop at the end."""
    found = _URL.findall(text)
    # What looks like an address of mail inside a link is a trap: "https://yours.example@theirs.example".
    found += _BARE.findall(_EMAIL.sub(" ", _URL.sub(" ", text)))
    return {_plain(link) for link in found}


def contacts(text: str) -> set[str]:
    """E-mail addresses, usernames and long numbers (of telephones, cards, accounts), each in one spelling."""
    text = _URL.sub(" ", text)
    emails = {found.casefold() for found in _EMAIL.findall(text)}
    text = _BARE.sub(" ", _EMAIL.sub(" ", text))
    usernames = {f"@{found.casefold()}" for found in _USERNAME.findall(text)}
    numbers = {re.sub(r"\D", "", found) for found in _NUMBER.findall(_DATE.sub(" | ", text))}
    return emails | usernames | numbers


def full_names(text: str) -> set[tuple[str, str]]:
    """Pairs of capitalised words side by side: what could be somebody's first and last name."""
    pairs = _NAME.findall(text)
    # Of three such words in a row the last two are a pair as well.
    pairs += [pair for match in _NAME.finditer(text) for pair in _NAME.findall(text, match.start(2))[:1]]
    return {(first.casefold(), last.casefold()) for first, last in pairs}


def _plain(link: str) -> str:
    link = re.sub(r"^https?://", "", link, flags=re.IGNORECASE).rstrip(".,;:!?)]}…").rstrip("/")
    host, separator, rest = link.partition("/")
    return f"{host.casefold().removeprefix('www.')}{separator}{rest}"
