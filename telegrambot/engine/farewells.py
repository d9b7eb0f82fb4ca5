"""The last words to somebody who is being erased: they leave from a chat of their own, which goes next.

The person's own chat cannot hold them: it is erased, with whatever waits in it. This one names nobody and
holds the number to send to until the words are settled. Intake never finds it: who writes again is a
stranger.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from config.job_words import describe
from telegrambot.engine import outbox
from telegrambot.engine.models import Dialog, Message
from telegrambot.engine.replies import Reply

PLATFORM = "farewell"
RETRY = RetryStrategy(max_attempts=5, exponential_wait=2)
_WAITING = (Message.Status.QUEUED, Message.Status.SENDING)


def say_farewell(dialog: Dialog, reply: Reply) -> None:
    """Queue the last words to the person of a chat, inside the caller's transaction.

    Args:
        reply: free of anything personal.
    """
    apart, _created = Dialog.objects.get_or_create(
        platform=PLATFORM,
        bot_id=dialog.bot_id,
        business_connection_id=dialog.business_connection_id,
        telegram_dialog_id=dialog.telegram_dialog_id,
    )
    outbox.queue(outbox.drafts(reply, dialog_id=apart.pk, person_id=None, origin=PLATFORM))


@app.periodic(cron="* * * * *")
@app.task(queue="system", queueing_lock="forget_farewells", lock="forget_farewells", retry=RETRY)
def forget_farewells(timestamp: int) -> None:
    """Forget the chats whose last words have left, or never will."""
    waiting = Message.objects.filter(dialog=OuterRef("pk"), status__in=_WAITING)
    Dialog.objects.filter(~Exists(waiting), platform=PLATFORM).delete()


describe("telegrambot.engine.farewells.forget_farewells", _("Forget where farewells were sent to"))
