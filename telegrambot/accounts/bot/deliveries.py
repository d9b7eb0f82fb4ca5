"""Files for people, made in the background and said in their chats."""

from __future__ import annotations

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.errors import DomainError
from config.job_words import describe
from telegrambot.accounts import data_export
from telegrambot.accounts.models import TelegramUser
from telegrambot.engine.chat import Document, Reply, Upload, escape, say

RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)


@app.task(queue="system", retry=RETRY)
def send_own_data(person_id: str, dialog_id: int, update_key: int) -> None:
    """Send a person all that is stored about them: a file to read and one for programs, as an album."""
    person = TelegramUser.objects.filter(pk=person_id).first()
    if person is None:
        return  # they were erased meanwhile
    with translation.override(person.language):
        try:
            reply = Reply(
                _("Here is everything that is stored about you: to read, and as JSON for programs."),
                media=[Document(Upload(name, content)) for name, content in data_export.files(person)],
            )
        except DomainError as error:
            reply = Reply(escape(str(error)))
        with transaction.atomic():
            said = say(
                reply,
                dialog_id=dialog_id,
                person_id=person.pk,
                priority=0,
                origin=f"update:{update_key}",
                key=f"own-data:{update_key}",
            )
            # Said before: the files made for it now would lie around, with everything about somebody in them.
            transaction.set_rollback(not said)


describe(
    "telegrambot.accounts.bot.deliveries.send_own_data",
    gettext_lazy("Send the person {person_id} their data"),
)
