"""What operators note about a conversation; never sent to anybody."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from telegrambot.accounts.models import TelegramUser
from telegrambot.inbox.exceptions import NoteEmpty, NoteNotFound, NoteTooLong
from telegrambot.inbox.models import MAX_NOTE, Conversation, Note


def of(conversation: Conversation) -> QuerySet[Note]:
    """The notes of a conversation, the oldest first, with who wrote them."""
    return Note.objects.filter(conversation=conversation).select_related("author").order_by("pk")


@transaction.atomic
def add(conversation: Conversation, text: str, *, actor: TelegramUser | None) -> Note:
    """Note something; it goes when the person it is about is erased.

    Raises:
        NoteEmpty: there is no text.
        NoteTooLong: there is too much.
    """
    return Note.objects.create(
        conversation=conversation, author=actor, about=conversation.dialog.person, text=_checked(text)
    )


@transaction.atomic
def change(note: Note, text: str, *, actor: TelegramUser | None) -> None:
    """Say it in other words.

    Raises:
        NoteEmpty, NoteTooLong: as `add`.
        NoteNotFound: it was removed meanwhile.
    """
    note.text = _checked(text)
    if not Note.objects.filter(pk=note.pk).update(text=note.text):
        raise NoteNotFound


@transaction.atomic
def remove(note: Note, *, actor: TelegramUser | None) -> None:
    """Throw it away; does nothing when it is gone."""
    Note.objects.filter(pk=note.pk).delete()


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise NoteEmpty
    if len(text) > MAX_NOTE:
        raise NoteTooLong(most=MAX_NOTE, length=len(text))
    return text
