"""Addresses that people wrote: nobody says that they can be read."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Letters of any script: domain names may be international.
_PUBLIC_NAME = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}")
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


def is_public_name(host: str | None) -> bool:
    """Whether a host is a name like example.org: below a message Telegram takes no link to `localhost`."""
    return host is not None and _PUBLIC_NAME.fullmatch(host) is not None
