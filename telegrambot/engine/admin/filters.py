"""The filters of the engine's lists."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.admin_filters import ConditionFilter, KnownValueFilter
from telegrambot.engine.admin import presentation
from telegrambot.engine.dashboard import put_aside
from telegrambot.engine.health import waits_to_leave
from telegrambot.engine.intake import ALLOWED_UPDATES
from telegrambot.engine.models import Message
from telegrambot.engine.resending import was_sent_again


class UpdateKindFilter(KnownValueFilter):
    """Updates by their kind."""

    title = _("kind")
    parameter_name = "kind"
    values = ALLOWED_UPDATES

    def word(self, value: str) -> str:
        """What happened, in words."""
        return presentation.update_kind(value)


class PutAsideFilter(ConditionFilter):
    """Updates that could not be read or stored; nobody but a person can tell what they were."""

    title = _("put aside")
    parameter_name = "put_aside"
    choice = _("Only what was put aside")

    def condition(self) -> Q:
        """Failed, and of no chat."""
        return put_aside()


class WaitingFilter(ConditionFilter):
    """Messages that somebody has to decide about."""

    title = _("decision")
    parameter_name = "waiting"
    choice = _("Waits for a person")

    def condition(self) -> Q:
        """Failed or uncertain, and not sent again."""
        undelivered = [Message.Status.FAILED, Message.Status.UNCERTAIN]
        return Q(~was_sent_again(), status__in=undelivered)


class LeavingFilter(ConditionFilter):
    """Messages that should leave soon."""

    title = _("queue")
    parameter_name = "leaving"
    choice = _("Only what is about to leave")

    def condition(self) -> Q:
        """Queued, and neither held back nor put off."""
        return waits_to_leave()


class MessageTypeFilter(KnownValueFilter):
    """Messages by what they carry."""

    title = _("type")
    parameter_name = "message_type"
    values = (
        "text",
        "photo",
        "video",
        "document",
        "album",
        "voice",
        "audio",
        "video_note",
        "animation",
        "sticker",
        "location",
        "contact",
        "other",
    )

    def word(self, value: str) -> str:
        """What the message carries, in words."""
        return presentation.message_type(value)
