"""What runs in the background: erasing people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.job_words import describe
from telegrambot.accounts import erasure
from telegrambot.accounts.models import TelegramUser

RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)


@app.task(queue="system", retry=RETRY)
def erase_person(person_id: str, actor_id: str) -> None:
    """Erase a person, as the doing of whoever asked for it."""
    person = TelegramUser.objects.filter(pk=person_id).first()
    if person is not None:
        erasure.erase(person)


describe("telegrambot.accounts.tasks.erase_person", _("Erase the person {person_id}"))
