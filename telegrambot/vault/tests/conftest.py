from __future__ import annotations

from collections.abc import Iterator

import pytest

from telegrambot.vault.tests.declared import settings_of_tests


@pytest.fixture
def _declared() -> Iterator[None]:
    with settings_of_tests():
        yield
