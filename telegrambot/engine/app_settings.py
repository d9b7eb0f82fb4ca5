"""What operators may choose about how long things are kept."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from telegrambot.vault.catalogue import declare

RETENTION = _("Retention")

declare(
    "retention.payload_days",
    int,
    default=lambda: settings.PAYLOAD_RETENTION_DAYS,
    minimum=1,
    category=RETENTION,
    help=_("Days for which updates are kept as Telegram sent them."),
)
# Telegram offers what was not confirmed for 24 hours.
declare(
    "retention.processed_days",
    int,
    default=30,
    minimum=2,
    category=RETENTION,
    help=_("Days for which is remembered what was handled, so that nothing is handled twice."),
)
declare(
    "retention.message_days",
    int,
    default=0,
    minimum=0,
    category=RETENTION,
    help=_("Days for which messages are kept. 0: for ever."),
)
declare(
    "retention.job_days",
    int,
    default=14,
    minimum=1,
    category=RETENTION,
    help=_("Days for which background jobs are listed after they ended."),
)
declare(
    "retention.media_days",
    int,
    default=7,
    minimum=1,
    category=RETENTION,
    help=_("Days for which a picture or file that an operator looked at is kept here; Telegram keeps it on."),
)
declare(
    "retention.sealed_hours",
    int,
    default=24,
    minimum=1,
    maximum=24 * 7,
    category=RETENTION,
    help=_(
        "Hours after which what was said in a chat without history is erased even if it could not be handled "
        "or sent. Until then it is encrypted, and can be tried again."
    ),
)
