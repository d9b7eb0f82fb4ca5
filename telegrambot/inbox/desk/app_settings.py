"""What operators may choose about drafts. Imported by the app's `app_settings`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.quiet_hours import QuietHours
from telegrambot.vault.catalogue import declare

DRAFTS = _("Drafts")


def _check_hours(text: str) -> None:
    if text:
        QuietHours.parse(text)


declare(
    "drafting.quiet_seconds",
    int,
    default=8,
    minimum=0,
    maximum=600,
    category=DRAFTS,
    help=_("Seconds without a new message before a draft is made: a burst gives one draft."),
)
declare(
    "drafting.timeout_seconds",
    int,
    default=90,
    minimum=5,
    maximum=600,
    category=DRAFTS,
    help=_("Seconds that a model may take for a draft, whatever happens."),
)
declare(
    "drafting.max_tokens",
    int,
    default=1000,
    minimum=50,
    maximum=8000,
    category=DRAFTS,
    help=_("Tokens that a draft may have."),
)
declare(
    "drafting.daily_tokens",
    int,
    default=0,
    minimum=0,
    category=DRAFTS,
    help=_("Tokens, read and written, that models may use in a day. 0: no limit."),
)
declare(
    "drafting.daily_cost",
    float,
    default=0.0,
    minimum=0,
    category=DRAFTS,
    help=_("US dollars that models may cost in a day. 0: no limit."),
)
declare(
    "drafting.notify",
    bool,
    default=True,
    category=DRAFTS,
    help=_("Whether operators get each draft in their chat with the bot, with buttons to decide."),
)
declare(
    "drafting.automatic",
    bool,
    default=True,
    category=DRAFTS,
    help=_("Whether answers may go out without a person, where that was earned and allowed. Off: nowhere."),
)
declare(
    "drafting.approvals_needed",
    int,
    default=20,
    minimum=3,
    maximum=1000,
    category=DRAFTS,
    help=_("Drafts in a row that a person must have approved with small edits before answers may go alone."),
)
declare(
    "drafting.small_edit",
    float,
    default=0.1,
    minimum=0,
    maximum=1,
    category=DRAFTS,
    help=_("How much of a draft may be changed in a small edit: 0.1 is a tenth."),
)
declare(
    "drafting.automatic_per_dialog",
    int,
    default=5,
    minimum=0,
    category=DRAFTS,
    help=_("Answers that may go out without a person in one chat within 24 hours."),
)
declare(
    "drafting.automatic_per_day",
    int,
    default=100,
    minimum=0,
    category=DRAFTS,
    help=_("Answers that may go out without a person in all chats within 24 hours."),
)
declare(
    "drafting.quiet_hours",
    str,
    default="22:00-07:00",
    validate=_check_hours,
    category=DRAFTS,
    help=_("Hours in which no answer goes out without a person, such as 22:00-07:00. Empty: none."),
)
declare(
    "drafting.held_hours",
    int,
    default=24,
    minimum=1,
    maximum=24 * 7,
    category=DRAFTS,
    help=_("Hours for which a text of a chat without history is kept, encrypted, to be answered."),
)
declare(
    "drafting.calls_days",
    int,
    default=400,
    minimum=31,
    category=DRAFTS,
    help=_("Days for which is kept what each call of a model took and cost."),
)
