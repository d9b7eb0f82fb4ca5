"""An update that cannot be handled is tried again, kept, and told of; never lost, never silent."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, DataError, InterfaceError, OperationalError, connection
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine import outbox
from telegrambot.engine.models import Dialog, InboundUpdate, Priority
from telegrambot.engine.pending import Pending
from telegrambot.engine.replies import Reply

logger = logging.getLogger(__name__)

# After the first and the second failed try.
RETRY_SECONDS = (1, 5)

# No connection, shutting down, I/O, disk full, too many connections; not the time or memory of one view:
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TROUBLE = ("08", "57P", "58", "53100", "53300")

# Folders of code that is not ours, or does nothing but call it (the cursor of config.postgresql).
_OF_LIBRARIES = frozenset(
    {"site-packages", "dist-packages", "postgresql", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
)

# Told again only if it still happens a day later.
_NEW_KIND = """
INSERT INTO engine_failurekind AS known (kind) VALUES (%s)
ON CONFLICT (kind) DO UPDATE SET notified_at = statement_timestamp()
WHERE known.notified_at < statement_timestamp() - interval '1 day'
RETURNING kind
"""


def record(update: Pending, error: Exception, *, attempts: int, most: int) -> None:
    """Record a failed try: again a little later, or, after `most` tries, never."""
    logger.error("Update %s failed (try %s of %s)\n%s", update.key, attempts, most, describe(error))
    if attempts >= most:
        give_up(update, describe(error), kind=_kind(error))
        return
    wait = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]
    InboundUpdate.objects.filter(pk=update.key).update(
        attempts=attempts, error=describe(error), not_before=timezone.now() + timedelta(seconds=wait)
    )


def give_up(update: Pending, error: str, *, kind: str) -> None:
    """Keep an update as failed, tell the person once and the owners once per kind of failure."""
    InboundUpdate.objects.filter(pk=update.key).update(
        status=InboundUpdate.Status.FAILED, error=error, processed_at=timezone.now()
    )
    _tell_person(update)
    notify_owners(
        kind,
        lambda: (
            _(
                "An update could not be handled (%(kind)s). "
                "You find it in the admin under Updates, with Retry."
            )
            % {"kind": escape(kind)}
        ),
    )


def is_the_databases_own(error: Exception) -> bool:
    """Whether the database itself is in trouble (gone, full, shutting down): no update is to blame."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:  # the connection broke, or there was none
        return isinstance(error, OperationalError | InterfaceError) or not connection.is_usable()
    return str(state).startswith(_TROUBLE)


def describe(error: BaseException) -> str:
    """What went wrong and where, without a word of what people wrote: messages of exceptions may quote it."""
    what = type(error).__name__
    cause = error.__cause__
    if isinstance(error, DataError):
        what = f"{what}: {type(cause).__name__}"  # its message quotes the value
    elif isinstance(error, DatabaseError) and cause is not None and hasattr(cause, "diag"):
        what = f"{what}: {cause.diag.message_primary}"
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join([what, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-6:])])


def notify_owners(kind: str, sentence: Callable[[], str]) -> None:
    """Send the owners a notice about a kind of failure, unless they had one within a day.

    Args:
        kind: what makes two failures the same; free of personal text.
        sentence: gives the notice in the language that is switched on.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEW_KIND, [kind[:200]])
        if cursor.fetchone() is None:
            return
    owners = TelegramUser.objects.filter(role=Role.OWNER, is_active=True, blocked_at__isnull=True)
    chats = Dialog.objects.filter(person__in=owners, type=Dialog.Type.PRIVATE, business_connection_id="")
    for dialog in chats.select_related("person"):
        assert dialog.person is not None
        with translation.override(dialog.person.language):
            outbox.say(
                Reply(sentence()),
                dialog_id=dialog.pk,
                person_id=dialog.person_id,
                priority=Priority.REPORT,
                origin="failure",
                key=f"failure:{dialog.pk}:{kind[:80]}:{timezone.now():%Y%m%d%H%M}",
            )


def _tell_person(update: Pending) -> None:
    dialog = Dialog.objects.select_related("person").get(pk=update.dialog_id)
    if not dialog.is_private_with_bot or dialog.person is None or not dialog.person.is_active:
        return
    with translation.override(dialog.person.language):
        outbox.say(
            Reply(
                _(
                    "Something went wrong on our side; the team has been told. "
                    "Please try again a little later."
                )
            ),
            dialog_id=dialog.pk,
            person_id=dialog.person_id,
            priority=Priority.ANSWER,
            origin=f"update:{update.key}",
            key=f"failed:{update.key}",
        )


def _kind(error: BaseException) -> str:
    """The error and the function of ours it came out of: a library's innermost one says little."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if not set(Path(frame.filename).parts) & _OF_LIBRARIES] or frames
    return f"{type(error).__name__} in {ours[-1].name}" if ours else type(error).__name__
