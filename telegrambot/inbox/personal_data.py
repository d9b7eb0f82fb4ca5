"""What the inbox keeps about people: their conversations, and what operators noted."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding, exempt, register
from telegrambot.engine.models import Dialog, Message
from telegrambot.inbox import forgetting  # noqa: F401  (what goes with a group's history)
from telegrambot.inbox.desk import personal_data  # noqa: F401  (that of the desk)
from telegrambot.inbox.models import Conversation, MutedOperator, Note, Presence


def _conversations(person: TelegramUser) -> QuerySet[Conversation]:
    return Conversation.objects.filter(dialog__person=person)


def _lists(person: TelegramUser) -> QuerySet[Message]:
    """Lists that operators were shown, with a button for each of this person's chats: their name."""
    offered = Q(pk__in=[])
    for view, keys in {
        "show": _conversations(person).values_list("pk", flat=True),
        "show_chat": Dialog.objects.filter(person=person).values_list("pk", flat=True),
        "look": Dialog.objects.filter(person=person).values_list("pk", flat=True),
    }.items():
        for key in keys:
            offered |= Q(payload__buttons__contains=[[{"data": f"inbox.{view}:{key}"}]])
    shown = Message.objects.filter(direction=Message.Direction.OUTBOUND, payload__has_key="buttons")
    return shown.exclude(dialog__person=person).filter(offered)


register(
    Holding(
        "inbox.lists",
        Message,
        "",
        _lists,
        blank={"text": "", "payload": {}},
        order=10,
        arrives_by="created_at",
    )
)
register(
    Holding(
        "inbox.notes",
        Note,
        _("Notes about you"),
        lambda person: Note.objects.filter(Q(about=person) | Q(conversation__dialog__person=person)),
        fields={"created_at": _("written"), "text": _("note")},
        order=20,
    )
)
register(
    Holding(
        "inbox.conversations",
        Conversation,
        _("Conversations"),
        _conversations,
        fields={
            "started_at": _("started"),
            "last_activity": _("last activity"),
            "closed_at": _("closed"),
            "message_count": _("messages"),
        },
        order=30,
    )
)
register(
    Holding(
        "inbox.presences",
        Presence,
        "",
        lambda person: Presence.objects.filter(who=str(person.pk)),
    )
)
register(
    Holding(
        "inbox.muted",
        MutedOperator,
        _("Notices about the inbox switched off"),
        lambda person: MutedOperator.objects.filter(person=person),
        fields={"since": _("since")},
    )
)
exempt("inbox.SavedReply", "Operators write it for everybody.")
