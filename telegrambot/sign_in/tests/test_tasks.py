"""What is forgotten in the background."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection

from telegrambot.sign_in import tasks

pytestmark = pytest.mark.django_db


def test_what_the_cache_held_too_long_is_forgotten():
    cache.set("past", 1, timeout=-10)
    cache.set("present", 1)

    tasks.forget_expired_cache(timestamp=0)

    assert _keys() == {":1:present"}


def _keys():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM switchboard_cache")
        return {key for (key,) in cursor.fetchall()}
