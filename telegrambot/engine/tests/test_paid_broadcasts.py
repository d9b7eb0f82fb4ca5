"""What leaves faster than Telegram allows for free says that it is paid for; nothing else costs anything."""

from __future__ import annotations

import pytest

from telegrambot.engine.models import Priority
from telegrambot.engine.tests.scripted_api import ScriptedApi
from telegrambot.engine.tests.test_delivery import carry_out, queued

pytestmark = pytest.mark.django_db

PHOTO = {"kind": "photo", "file_id": "A"}
KINDS = [
    ("sendMessage", {}),
    ("sendPhoto", {"message_type": "photo", "payload": {"media": PHOTO}}),
    ("sendMediaGroup", {"message_type": "album", "payload": {"album": [PHOTO, PHOTO]}}),
]


def sent(settings, method, values):
    api = ScriptedApi()
    queued(**values)
    carry_out(api, settings)
    return api.of(method)[0]


@pytest.mark.parametrize(("method", "values"), KINDS)
def test_a_broadcast_is_paid_for_where_the_owner_turned_that_on(settings, method, values):
    values = values | {"priority": Priority.BROADCAST}
    assert "allow_paid_broadcast" not in sent(settings, method, values)
    settings.PAID_BROADCASTS = True
    assert sent(settings, method, values)["allow_paid_broadcast"] == "true"


@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.APPROVED_REPLY, Priority.NOTICE])
def test_nothing_else_is_ever_paid_for(settings, priority):
    settings.PAID_BROADCASTS = True
    assert "allow_paid_broadcast" not in sent(settings, "sendMessage", {"priority": priority})
