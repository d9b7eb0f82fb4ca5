"""Which links a guide may hold."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from telegrambot.guides.links import validate_https


def test_a_complete_https_link_is_taken():
    validate_https("https://telegra.ph/Risk-01-02")


def test_another_is_refused_in_a_sentence():
    with pytest.raises(ValidationError, match=r"“http://example\.org” is no complete https link"):
        validate_https("http://example.org")
