"""Which links a guide may hold."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from telegrambot.guides.links import is_https_link, validate_https


@pytest.mark.parametrize(
    "link",
    [
        "https://telegra.ph/Risk-01-02",
        "https://example.org:8443/a/b?c=d#e",
        "https://пример.рф/страница",
        "https://sub.xn--e1afmkfd.xn--p1ai/",
    ],
)
def test_complete_https_links_are_taken(link):
    assert is_https_link(link)
    validate_https(link)


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
        "https://example.org/" + "a" * 3000,
    ],
)
def test_others_are_refused_in_a_sentence(link):
    with pytest.raises(ValidationError, match="no complete https link"):
        validate_https(link)
