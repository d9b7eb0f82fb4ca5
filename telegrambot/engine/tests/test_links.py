"""Addresses that people wrote, readable or not."""

from __future__ import annotations

import pytest

from telegrambot.engine.checks import check_telegram
from telegrambot.engine.links import followed, is_https_link, is_shown, scheme_of

UNREADABLE = ["http://[your-domain]/", "http://[::1", "http://ex℀mple.com"]


@pytest.mark.parametrize("address", UNREADABLE)
def test_what_cannot_be_read_is_no_link(address: str) -> None:
    assert scheme_of(address) == ""
    assert not is_shown(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("HTTPS://example.org", True),
        ("http://[::1]/", True),
        ("mailto:ann@example.org", True),
        ("tel:+100", True),
        ("tg://user?id=1", True),
        ("ftp://example.org", False),
        ("javascript:alert(1)", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_only_some_addresses_become_links(address: str, shown: bool) -> None:
    assert is_shown(address) is shown


@pytest.mark.parametrize("address", UNREADABLE)
def test_a_server_that_is_none_is_a_sentence(settings, address: str) -> None:
    settings.TELEGRAM_API_URL = address
    assert "engine.E002" in [found.id for found in check_telegram(None)]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("x.org/a", "http://x.org/a"),
        *(
            (address, address)
            for address in (
                "https://user:pass@x.org:8443/a b?c#d",
                "HTTP://пример.рф",
                "http://[::1]/a",
                "tg://user?id=1",
                "tg:resolve?domain=x",
                "ton://transfer/x",
            )
        ),
    ],
)
def test_what_telegram_keeps_as_a_link(address: str, kept: str) -> None:
    assert followed(address) == kept


@pytest.mark.parametrize(
    "address",
    [
        *UNREADABLE,
        "",
        "word",
        "[your].domain",
        "https://",
        "https://.",
        "https://intranet/wiki",
        "http://localhost",
        "http://x.org:0",
        "https://x.org:99999/",
        "http:x.org",
        "http://exa mple.org",
        "http://exa\nmple.org",
        "x.org/?to=https://y.org",
        "javascript:alert(1)",
        "ftp://x.org",
        "tel:+4930123456",
        "mailto:ann@x.org",
        "tg:x.org",
        "tg:ann@x.org",
        "tg://",
    ],
)
def test_what_telegram_drops(address: str) -> None:
    assert followed(address) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://telegra.ph/Risk-01-02",
        "https://example.org:8443/a/b?c=d#e",
        "https://пример.рф/страница",
        "https://sub.xn--e1afmkfd.xn--p1ai/",
    ],
)
def test_complete_https_links_are_taken(link: str) -> None:
    assert is_https_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "example.org",
        "http://example.org",
        "https://",
        "https://localhost/admin",
        "https://127.0.0.1/",
        "https://user:pass@example.org/",
        "https://example.org/a b",
        'https://example.org/"onclick=x',
        "https://example.org\n.evil.org",
        "https://example.org:99999/",
        "https://exa_mple-.org/",
        "javascript:alert(1)",
        "https://[::1]/",
        "https://[your-domain]/",
        "https://example.org/" + "a" * 3000,
    ],
)
def test_others_are_refused(link: str) -> None:
    assert not is_https_link(link)
