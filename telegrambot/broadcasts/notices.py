"""What operators are told without asking: that a broadcast waits for them, that one is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from telegrambot.accounts.roles import Role
from telegrambot.accounts.timezones import zone_named
from telegrambot.broadcasts import recipients
from telegrambot.broadcasts.models import Broadcast
from telegrambot.engine import outbox
from telegrambot.engine.chat import Button, Reply, escape
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import Priority


def ask_about(broadcast: Broadcast) -> None:
    """Let the operators decide about a scheduled broadcast that did not start by itself."""
    from telegrambot.broadcasts.bot import starting, texts  # the views behind the buttons

    def notice() -> Reply:
        title, moment = escape(broadcast.title), texts.moment_in_words(broadcast)
        if broadcast.problem:
            text = _("“{title}” was to start on {moment} and could not: {problem}").format(
                title=title, moment=moment, problem=escape(broadcast.problem)
            )
        elif broadcast.is_local_time:
            text = _(
                "“{title}” was to reach people on {moment}; for some, that time passed when nothing was "
                "running. Should it go to everybody now?"
            ).format(title=title, moment=moment)
        else:
            text = _(
                "“{title}” was to start on {moment}, when nothing was running. Should it still go?"
            ).format(title=title, moment=moment)
        send = Button(_("Send now"), starting.ask_start, broadcast.pk)
        leave = Button(_("Leave it"), starting.leave, broadcast.pk)
        return Reply(text, [[send, leave], [Button(_("🗓 Other time"), starting.ask_time, broadcast.pk)]])

    _tell(notice, f"ask:{broadcast.pk}:{broadcast.scheduled_at:%Y%m%d%H%M%S}")


def tell_over(broadcast: Broadcast) -> None:
    """Tell the operators what became of a broadcast."""
    from telegrambot.broadcasts.bot import lists, texts  # the views behind the buttons

    def notice() -> Reply:
        counts = [
            pgettext("broadcast", "{count} received").format(count=texts.number(broadcast.recipients_count)),
            _("{count} failed").format(count=texts.number(broadcast.failed_count)),
        ]
        if broadcast.uncertain_count:
            counts.append(_("{count} uncertain").format(count=texts.number(broadcast.uncertain_count)))
        text = _("“{title}” is over: {counts}.").format(
            title=escape(broadcast.title), counts=", ".join(counts)
        )
        if broadcast.problem:
            text += " " + _("It was stopped: {problem}").format(problem=escape(broadcast.problem))
        return Reply(text, [[Button(_("Show"), lists.show, broadcast.pk)]])

    _tell(notice, f"over:{broadcast.pk}:{broadcast.sent_at:%Y%m%d%H%M%S%f}")


def _tell(notice: Callable[[], Reply], key: str) -> None:
    """Queue a notice for everybody who may decide about broadcasts, in their language and time zone."""
    chats = recipients.chats().filter(
        person__role__gte=Role.ADMIN, person__is_active=True, person__blocked_at__isnull=True
    )
    default = ZoneInfo(settings.TIME_ZONE)
    for chat in chats.select_related("person").order_by("pk"):
        person = chat.person
        assert person is not None  # see `recipients.chats`
        if not catalogue.allows("broadcasts", person.role):
            continue
        with ExitStack() as stack:
            stack.enter_context(translation.override(person.language))
            stack.enter_context(timezone.override(zone_named(person.timezone) or default))
            outbox.say(
                notice(),
                dialog_id=chat.pk,
                person_id=person.pk,
                priority=Priority.REPORT,
                origin="notice",
                key=f"notice:{chat.pk}:{key}",
            )
