"""What operators are told without asking: who waits, what was handed over to them, what did not arrive.

A Telegram reply to such a notice answers the person (see bot/replying.py): its origin names the conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from telegrambot.accounts.exceptions import BadQuietHours
from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.accounts.timezones import zone_named
from telegrambot.engine import history, outbox
from telegrambot.engine.chat import Button, Reply, escape
from telegrambot.engine.handling import catalogue
from telegrambot.engine.models import Dialog, Message, Priority
from telegrambot.engine.outbox import Draft
from telegrambot.inbox.models import Conversation, MutedOperator
from telegrambot.vault import settings_store

# Followed by the key of the conversation, and the key of the last message that the notice tells of.
ORIGIN = "notice:inbox:"
MAX_QUOTE = 600
# In the key of each notice that somebody waits, and of no other.
_WAITING = "waiting"


def tell_waiting(conversation: Conversation, said: Message | None, *, lost: Message | None = None) -> None:
    """Tell whoever is on duty that somebody begins to wait: the assignee, or else all operators.

    Args:
        said: what the person wrote; None: not known.
        lost: the automatic answer that did not arrive, so that they wait again.
    """
    if not settings_store.get("inbox.notify", bool) or conversation.waiting_since is None:
        return
    from telegrambot.inbox.answering import problem_of
    from telegrambot.inbox.bot import screens  # the views behind the buttons

    dialog = conversation.dialog

    def notice() -> Reply:
        if lost is None:
            text, problem = _("💬 {name} waits for an answer."), ""
        else:
            text = _("⚠️ {name} waits again: the automatic answer has a problem.")
            problem = escape(problem_of(lost))
        lines = [text.format(name=screens.heading(dialog)), screens.quotation(dialog, said), problem]
        lines.append(f"<i>{_('Reply to this message to answer.')}</i>")
        return Reply("\n\n".join(filter(None, lines)), screens.notice_buttons(conversation))

    since = f"{conversation.waiting_since:%Y%m%d%H%M%S%f}"
    key = f"{conversation.pk}:{_WAITING}:{lost.pk if lost else since}"
    _tell(on_duty(conversation), notice, conversation, key, [told for told in (said, lost) if told])


def tell_handed_over(
    conversation: Conversation, to: TelegramUser, note: str, actor: TelegramUser | None
) -> None:
    """Tell an operator that a conversation is theirs now, and why."""
    from telegrambot.inbox.bot import screens

    def notice() -> Reply:
        name = screens.heading(conversation.dialog)
        if actor is None:
            text = _("👉 The conversation with {name} is yours now.").format(name=name)
        else:
            text = _("👉 {operator} has handed over the conversation with {name} to you.").format(
                operator=escape(str(actor)), name=name
            )
        if note:
            text += f"\n\n<blockquote>{escape(note[:MAX_QUOTE])}</blockquote>"
        return Reply(text, screens.notice_buttons(conversation, is_assigned=True))

    chats = chats_of_operators(conversation.dialog).filter(person=to)
    _tell(chats, notice, conversation, f"{conversation.pk}:given:{timezone.now():%Y%m%d%H%M%S%f}")


def tell_undelivered(message: Message, to: Dialog, conversation: Conversation) -> None:
    """Tell an operator, once, that their answer did not arrive, and why.

    Args:
        to: the operator's own chat.
    """
    from telegrambot.inbox.answering import problem_of
    from telegrambot.inbox.bot import screens

    def notice() -> Reply:
        text = _("⚠️ Your answer to {name} has a problem.").format(name=screens.heading(conversation.dialog))
        rows = [[Button(_("Open"), screens.show, conversation.pk)]]
        return Reply(f"{text}\n\n{escape(problem_of(message))}", rows)

    _tell([to], notice, conversation, undelivered_key(message), [message])


def undelivered_key(message: Message) -> str:
    """What the notice about a lost answer has in its key."""
    return f"undelivered:{message.pk}"


def key_for(chat: Dialog, key: str) -> str:
    """The unique key of a notice in an operator's chat, but for the number of its part."""
    return f"notice:{chat.pk}:inbox:{key}"


def withdraw(conversation: Conversation) -> None:
    """Take back notices that somebody waits and that have not left yet: nobody waits any more."""
    queued = Message.objects.filter(
        status=Message.Status.QUEUED, not_before__isnull=False, priority=Priority.NOTICE
    )
    # What was handed over, or did not arrive, an operator has to hear of all the same.
    waiting = queued.filter(
        origin__startswith=f"{ORIGIN}{conversation.pk}:",
        dedupe_key__contains=f":{_WAITING}:",
    )
    waiting.update(status=Message.Status.CANCELLED)


def on_duty(conversation: Conversation) -> Iterable[Dialog]:
    chats = chats_of_operators(conversation.dialog).exclude(person__in=MutedOperator.objects.values("person"))
    if conversation.assigned_to_id is not None:
        own = list(chats.filter(person=conversation.assigned_to_id))
        if own:
            return own
    return chats.exclude(person=conversation.dialog.person_id)


def chats_of_operators(dialog: Dialog) -> QuerySet[Dialog]:
    """The chats of the same bot with its operators."""
    operators = Dialog.objects.select_related("person").filter(
        person__role__gte=Role.ADMIN,
        person__is_active=True,
        person__blocked_at__isnull=True,
        type=Dialog.Type.PRIVATE,
        business_connection_id="",
        platform=dialog.platform,
        bot_id=dialog.bot_id,
    )
    return operators.order_by("pk")


def _tell(
    chats: Iterable[Dialog],
    notice: Callable[[], Reply],
    conversation: Conversation,
    key: str,
    told: Sequence[Message] = (),
) -> None:
    """Queue a notice, once by its key, for each of these operators, in their language and time zone.

    Args:
        told: the messages that it tells of; none: it leads to all that has been said until now.
    """
    about = told[0].person_id if told else conversation.dialog.person_id
    seen_up_to = max((message.pk for message in told), default=0) or _last_key(conversation)
    drafts: list[Draft] = []
    later: dict[datetime, list[str | None]] = {}
    for chat in chats:
        person = chat.person
        assert person is not None  # see `_chats`
        if not catalogue.allows("inbox", person.role):
            continue
        zone = zone_of(person)
        with translation.override(person.language), timezone.override(zone):
            reply = replace(notice(), about=about)
        origin = f"{ORIGIN}{conversation.pk}:{seen_up_to}"
        for part, draft in enumerate(
            outbox.drafts(reply, dialog_id=chat.pk, person_id=person.pk, origin=origin)
        ):
            draft.priority, draft.expires_in = Priority.NOTICE, None
            draft.dedupe_key = f"{key_for(chat, key)}:{part}"
            drafts.append(draft)
            if (due := end_of_quiet_hours(person, zone)) is not None:
                later.setdefault(due, []).append(draft.dedupe_key)
    keys = outbox.queue(drafts)
    for due, held in later.items():
        Message.objects.filter(pk__in=keys, dedupe_key__in=held).update(not_before=due)


def _last_key(conversation: Conversation) -> int:
    """The key of the last message that a person or an operator has said; 0: there is none."""
    return max(history.last_inbound(conversation.dialog_id) or 0, conversation.last_answer_id or 0)


def zone_of(person: TelegramUser) -> ZoneInfo:
    """The operator's time zone, else the installation's."""
    return zone_named(person.timezone) or ZoneInfo(settings.TIME_ZONE)


def end_of_quiet_hours(person: TelegramUser, zone: ZoneInfo) -> datetime | None:
    """When the operator may be disturbed again; None: now."""
    try:
        hours = person.quiet_hours
    except BadQuietHours:
        return None  # one unreadable row must not stop anything
    now = timezone.now()
    end = hours.end_after(now, zone) if hours else now
    return end if end > now else None
