"""Addresses that people wrote: nobody says that they can be read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_LINK = 2048
# Letters of any script: domain names may be international.
_PUBLIC_NAME = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}")
# No spaces, quotes or brackets anywhere.
_UNSAFE = re.compile(r"[\s<>\"'`{}|\\^\x00-\x1f\x7f]")
# The apps of Telegram and of TON follow these: https://core.telegram.org/api/links
_OF_AN_APP = re.compile(r"(?:tg|ton):", re.IGNORECASE)
_TO_AN_APP = re.compile(r"(?:tg|ton):(?://)?[\w-]+(?:[/?#].*)?", re.ASCII | re.IGNORECASE | re.DOTALL)
_BLANK_IN_HOST = re.compile(r"://[^/?#]*\s")
_SHOWN_SCHEMES = {"http", "https", "mailto", "tel", "tg"}


def scheme_of(address: str) -> str:
    """The scheme in small letters; empty if there is none, or if the address is none: `http://[domain]/`."""
    try:
        return urlsplit(address).scheme
    except ValueError:
        return ""


def is_shown(address: str) -> bool:
    """Whether our pages lead to an address that stands in a message."""
    return scheme_of(address) in _SHOWN_SCHEMES


def followed(address: str) -> str | None:
    """The address as Telegram keeps it behind a word or a button; None if it would drop or refuse it.

    These are the rules of LinkManager::check_link in TDLib, but that of `mailto:` and what follows it TDLib
    makes a login to a web page.
    """
    if _OF_AN_APP.match(address):
        return address if _TO_AN_APP.fullmatch(address) else None
    whole = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(whole)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return None
    is_public = "." in host.strip(".") or ":" in host
    if parts.scheme not in {"http", "https"} or port == 0 or not is_public:
        return None
    return None if _BLANK_IN_HOST.search(whole) or parts.username == "mailto" else whole


def is_https_link(text: str) -> bool:
    """Whether `text` is a complete https link to a name like example.org, without a login in it.

    Below a message Telegram takes no link to `localhost`.
    """
    if len(text) > MAX_LINK or _UNSAFE.search(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    is_public = _PUBLIC_NAME.fullmatch(parts.hostname or "") is not None
    return parts.scheme == "https" and parts.username is None and port != 0 and is_public
