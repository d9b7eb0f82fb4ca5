"""Drafts for tests."""

from __future__ import annotations

from typing import Any, cast

import factory
from django.utils import timezone

from telegrambot.engine.models import Message
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.inbox.models import Conversation, DraftReply, Provider
from telegrambot.inbox.tests.factories import said


class DraftReplyFactory(factory.django.DjangoModelFactory):
    """A draft that waits for approval; its person waits for an answer."""

    class Meta:
        model = DraftReply

    dialog = factory.SubFactory(DialogFactory, is_processing_enabled=True)
    suggested_response = "We are open from nine to six."
    provider = Provider.BUILT_IN
    model_name = "built-in"
    last_message_timestamp = factory.LazyFunction(timezone.now)

    @factory.lazy_attribute
    def last_message_id(self) -> int:
        """The person's question, asked now if nobody has."""
        dialog: Any = self.dialog
        asked = Message.objects.filter(dialog=dialog, direction="inbound").order_by("-pk").first()
        asked = asked or said(dialog, "When are you open?")
        assert Conversation.objects.filter(dialog=dialog, is_active=True).exists()
        return int(asked.pk)


def decided(dialog: object, count: int, **values: object) -> list[DraftReply]:
    """Drafts of a chat that were approved as they were and sent, oldest first."""
    values = {"status": DraftReply.Status.SENT, "edit_share": 0.0, "decided_at": timezone.now()} | values
    return [cast("DraftReply", DraftReplyFactory(dialog=dialog, **values)) for _number in range(count)]
