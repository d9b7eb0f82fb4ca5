from __future__ import annotations

import pytest

from telegrambot.sign_in.devices import describe_device

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (CHROME, "Chrome, Windows"),
        (f"{CHROME} Edg/139.0.0.0", "Edge, Windows"),
        (f"{CHROME} YaBrowser/25.6", "Yandex Browser, Windows"),
        (IPHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox, Android"),
        ("curl/8.14", "curl/8.14"),
        ("", "Unknown device"),
    ],
)
def test_browsers_are_named_in_words(said, words):
    assert describe_device(said) == words
