"""What operators were shown of a group: it names no person, so it is found by its buttons."""

from __future__ import annotations

from django.db.models import Q

from telegrambot.engine.models import Dialog
from telegrambot.engine.privacy import shown_elsewhere
from telegrambot.inbox.models import Conversation


@shown_elsewhere
def shown_of_group(dialog: Dialog) -> Q:
    """Notices and screens about a group: each has a button that opens the conversation."""
    found = Q(pk__in=[])
    if dialog.person_id is None:
        for key in Conversation.objects.filter(dialog=dialog).values_list("pk", flat=True):
            found |= Q(payload__buttons__contains=[[{"data": f"inbox.show:{key}"}]])
    return found
