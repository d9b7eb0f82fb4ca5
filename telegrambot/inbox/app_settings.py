"""What operators may choose about the inbox."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.inbox.desk import app_settings  # noqa: F401  (those of drafts)
from telegrambot.vault.catalogue import declare

INBOX = _("Inbox")

declare(
    "inbox.close_after_hours",
    int,
    default=24,
    minimum=1,
    maximum=24 * 365,
    category=INBOX,
    help=_("A conversation in which nobody waits closes itself after so many quiet hours."),
)
declare(
    "inbox.confirmation_en",
    str,
    default="Thank you, your message has arrived. A person will answer you here.",
    category=INBOX,
    help=_("What people read once when they begin a conversation, in English. Empty: nothing."),
)
declare(
    "inbox.confirmation_ru",
    str,
    default="Спасибо, мы получили ваше сообщение. Вам ответит сотрудник, прямо здесь.",
    category=INBOX,
    help=_("What people read once when they begin a conversation, in Russian. Empty: nothing."),
)
declare(
    "inbox.groups",
    bool,
    default=False,
    category=INBOX,
    help=_("Whether what is said in groups comes into the inbox too."),
)
declare(
    "inbox.notify",
    bool,
    default=True,
    category=INBOX,
    help=_("Whether operators get a message from the bot when somebody begins to wait for an answer."),
)
