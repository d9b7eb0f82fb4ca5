"""Whether a broadcast still is what somebody looked at before they let it go."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

from telegrambot.broadcasts import recipients
from telegrambot.broadcasts.models import Broadcast

# As much as fits into a button beside the broadcast's key; equal by chance once in 2^30.
_LENGTH = 5


def fingerprint(broadcast: Broadcast) -> str:
    """A few characters: others as soon as it says something else, or is for other people."""
    said = (broadcast.message_text, broadcast.message_type, broadcast.buttons)
    files = list(broadcast.media.values_list("pk", flat=True))
    facts = json.dumps([said, files, recipients.chosen(broadcast)], sort_keys=True)
    return urlsafe_b64encode(sha256(facts.encode()).digest())[:_LENGTH].decode()
