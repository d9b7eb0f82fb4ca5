"""What the engine keeps about people: chats, all that was said in them, and traces of it elsewhere."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import CharField, F, Func, Q, QuerySet, TextField
from django.db.models.expressions import Case, RawSQL, Value, When
from django.db.models.functions import Cast, Coalesce, Now
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import TelegramUser
from telegrambot.accounts.personal_data import Holding, exempt, guard, register
from telegrambot.engine import farewells, intake, outbox
from telegrambot.engine.command_menus import CHAT_SCOPE
from telegrambot.engine.models import (
    BotIdentity,
    CommandMenu,
    Dialog,
    FetchedMedia,
    InboundUpdate,
    Message,
    OutgoingFile,
    Priority,
    ProcessedMessage,
)

Status = Message.Status

# In a chat of others the messages stay, empty: numbers and times go on. Who they are of goes with the person.
_BLANK_MESSAGE: dict[str, Any] = {
    "text": "",
    "payload": {},
    "sealed": None,
    "error": "",
    "status": Case(When(status=Status.QUEUED, then=Value(Status.CANCELLED)), default=F("status")),
}

# The rows stay, so that an update which Telegram offers once more is still known.
_BLANK_UPDATE: dict[str, Any] = {
    "payload": None,
    "sealed": None,
    "error": "",
    "dialog": None,
    "status": InboundUpdate.Status.DONE,
    "processed_at": Coalesce("processed_at", Now()),
}

# What handling an update of somebody else's does not need, and what may be this person's.
_QUOTED = ("reply_to_message", "quote", "external_reply", "forward_origin", "forward_from", "contact")
_WITHOUT_QUOTED = "payload" + "".join(f" #- ARRAY[kind::text, '{key}']" for key in _QUOTED)
# Asked of each row as it is written: somebody may be giving it another try.
_STILL_NEEDED = f"CASE status WHEN 'pending' THEN {_WITHOUT_QUOTED} END"


# ── Their own chats ───────────────────────────────────────────────────────────────────────────────────────


def _dialogs(person: TelegramUser) -> QuerySet[Dialog]:
    """The chats that are theirs alone; a customer's chat with a business account is the customer's."""
    theirs = Q(person=person)
    if person.telegram_id is not None:
        theirs |= Q(telegram_dialog_id=str(person.telegram_id), type=Dialog.Type.PRIVATE)
    return Dialog.objects.filter(theirs).exclude(platform=farewells.PLATFORM)


def _menus(person: TelegramUser) -> QuerySet[CommandMenu]:
    """Their chats' own menus: which one it is tells the chat's number."""
    numbers = _dialogs(person).values_list("telegram_dialog_id", flat=True)
    return CommandMenu.objects.filter(scope__in=[f"{CHAT_SCOPE}{number}" for number in numbers])


def _keys(person: TelegramUser) -> list[int]:
    # As a list: a join would let PostgreSQL think of reading all messages in their order.
    return list(_dialogs(person).values_list("pk", flat=True))


def _messages(person: TelegramUser) -> QuerySet[Message]:
    return Message.objects.filter(dialog__in=_keys(person))


def _settled(person: TelegramUser) -> QuerySet[Message]:
    """Those that neither the sender nor a broadcast may still ask for: nobody waits while they go."""
    at_work = Q(status__in=[Status.SENDING, Status.UNCERTAIN]) | Q(priority=Priority.BROADCAST)
    return _messages(person).exclude(at_work)


def _queued(person: TelegramUser) -> QuerySet[Message]:
    """What must not leave any more while the rest is looked for."""
    return _messages(person).filter(status=Status.QUEUED)


def _media(person: TelegramUser) -> QuerySet[FetchedMedia]:
    return FetchedMedia.objects.filter(Q(message__dialog__in=_keys(person)) | Q(message__person=person))


def _updates(person: TelegramUser) -> QuerySet[InboundUpdate]:
    return InboundUpdate.objects.filter(dialog__in=_keys(person))


def _marks(person: TelegramUser) -> QuerySet[ProcessedMessage]:
    """The keys of handled messages name the chat."""
    theirs = Q(pk__in=[])
    for chat, account in _dialogs(person).values_list("telegram_dialog_id", "business_connection_id"):
        for kind in ("msg", "edit"):
            theirs |= Q(message_id__startswith=f"{kind}:{account}:{chat}:")
    return ProcessedMessage.objects.filter(theirs)


def _files(person: TelegramUser) -> QuerySet[OutgoingFile]:
    """Files that were made for them: sent to nobody else, and of no guide or broadcast."""
    return outbox.files_only_of(Q(dialog__in=_keys(person)), outbox.files_in(_messages(person)))


# ── Among others ──────────────────────────────────────────────────────────────────────────────────────────


def _said(messages: QuerySet[Message], person: TelegramUser) -> QuerySet[Message]:
    """Messages in chats of others that still say something."""
    said = messages.exclude(text="", payload={}, sealed__isnull=True, error="")
    return said.exclude(dialog__in=_keys(person))


def _messages_elsewhere(person: TelegramUser) -> QuerySet[Message]:
    return _said(Message.objects.filter(person=person), person)


def _quotations(person: TelegramUser) -> QuerySet[Message]:
    return _said(Message.objects.filter(about=person), person)


def _contacts(person: TelegramUser) -> QuerySet[Message]:
    """Their contact card, passed on by somebody else."""
    cards = Message.objects.filter(message_type="contact", payload__contact__user_id=person.telegram_id)
    return _said(cards if person.telegram_id is not None else cards.none(), person)


def _screens(person: TelegramUser) -> QuerySet[Message]:
    """What operators were shown, with buttons that are about this person: their name is in it."""
    screens = Message.objects.filter(direction=Message.Direction.OUTBOUND, payload__has_key="buttons")
    about_them = screens.annotate(offered=Cast("payload", TextField())).filter(
        offered__contains=str(person.pk)
    )
    return _said(about_them, person)


def _commands(person: TelegramUser) -> QuerySet[Message]:
    """Commands that name them, such as /grant @ann admin; what is said freely is another person's own."""
    typed = Message.objects.filter(direction=Message.Direction.INBOUND, text__startswith="/")
    return _said(typed.filter(text__iregex=_named(person)), person)


def _updates_elsewhere(person: TelegramUser) -> QuerySet[InboundUpdate]:
    """What they did in groups: only the sender tells that it was they."""
    sender = Func(
        "payload",
        "kind",
        arg_joiner=" -> ",
        template="(%(expressions)s -> 'from' ->> 'id')",
        output_field=CharField(),
    )
    elsewhere = InboundUpdate.objects.exclude(dialog__in=_keys(person))
    return elsewhere.annotate(sender=sender).filter(sender=str(person.telegram_id))


def _mentions(person: TelegramUser) -> QuerySet[InboundUpdate]:
    """What others did that names them: replies to them, words of theirs passed on, screens about them."""
    updates = InboundUpdate.objects.filter(payload__isnull=False).annotate(said=Cast("payload", TextField()))
    return updates.filter(said__iregex=_named(person))


def _named(person: TelegramUser) -> str:
    """A regular expression of PostgreSQL's for their number here, their Telegram id, their @username."""
    names = [rf"\m{person.pk}\M"]
    names += [rf"\m{person.telegram_id}\M"] if person.telegram_id is not None else []
    # Old rows may hold what is no username of Telegram's.
    names += [rf"@{re.escape(person.username)}\M"] if person.username else []
    return "|".join(names)


# ── What nobody may write meanwhile ───────────────────────────────────────────────────────────────────────


def _hold_dialogs(person: TelegramUser) -> None:
    """Let nothing of theirs be handled: dispatch passes over a chat whose row it cannot lock."""
    list(_dialogs(person).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _hold_intake(person: TelegramUser) -> None:
    """Let nothing of theirs be stored: between two steps of intake the person would be gone."""
    bots = {*_dialogs(person).values_list("bot_id", flat=True)}
    bots |= {*BotIdentity.objects.values_list("bot_id", flat=True)}
    for bot_id in sorted(bots):
        intake.lock(bot_id)


guard(_hold_dialogs, order=10)
guard(_hold_intake, order=90)

# ── The tables ────────────────────────────────────────────────────────────────────────────────────────────

_UPDATE_FIELDS = {"received_at": _("time"), "kind": _("kind"), "payload": _("content")}
_MESSAGE_FIELDS = {
    "timestamp": _("time"),
    "direction": _("direction"),
    "status": _("status"),
    "message_type": _("type"),
    "text": _("text"),
    "payload": _("content"),
}

for _holding in (
    Holding("engine.files", OutgoingFile, "", _files, order=10, is_bulky=True),
    Holding("engine.queued", Message, "", _queued, order=11, is_bulky=True),
    Holding("engine.marks", ProcessedMessage, "", _marks, order=20, is_bulky=True),
    Holding(
        "engine.media",
        FetchedMedia,
        _("Files that operators have looked at"),
        _media,
        fields={"fetched_at": _("time"), "content_type": _("type")},
        order=25,
        is_bulky=True,
    ),
    Holding(
        "engine.updates",
        InboundUpdate,
        _("As Telegram delivered it"),
        _updates,
        fields=_UPDATE_FIELDS,
        blank=_BLANK_UPDATE,
        order=30,
        is_bulky=True,
    ),
    Holding(
        "engine.updates_elsewhere",
        InboundUpdate,
        _("As Telegram delivered it, from groups"),
        _updates_elsewhere,
        fields=_UPDATE_FIELDS,
        blank=_BLANK_UPDATE,
        order=31,
        arrives_by="received_at",
    ),
    Holding(
        "engine.mentions",
        InboundUpdate,
        "",
        _mentions,
        blank={"payload": RawSQL(_STILL_NEEDED, []), "error": ""},  # noqa: S611  (a constant)
        order=32,
        arrives_by="received_at",
    ),
    Holding(
        "engine.screens",
        Message,
        "",
        _screens,
        blank=_BLANK_MESSAGE,
        order=40,
        arrives_by="created_at",
    ),
    Holding(
        "engine.commands",
        Message,
        "",
        _commands,
        blank=_BLANK_MESSAGE,
        order=40,
        arrives_by="created_at",
    ),
    Holding(
        "engine.contacts",
        Message,
        "",
        _contacts,
        blank=_BLANK_MESSAGE,
        order=40,
        arrives_by="created_at",
    ),
    Holding(
        "engine.quotations",
        Message,
        "",
        _quotations,
        blank=_BLANK_MESSAGE,
        order=41,
        is_bulky=True,
    ),
    Holding(
        "engine.messages_elsewhere",
        Message,
        _("Messages in groups"),
        _messages_elsewhere,
        fields=_MESSAGE_FIELDS,
        blank=_BLANK_MESSAGE | {"person": None},
        order=42,
        is_bulky=True,
    ),
    Holding("engine.settled", Message, "", _settled, order=59, is_bulky=True),
    Holding("engine.messages", Message, _("Messages"), _messages, fields=_MESSAGE_FIELDS, order=60),
    Holding("engine.menus", CommandMenu, "", _menus, order=79),
    Holding(
        "engine.dialogs",
        Dialog,
        _("Chats"),
        _dialogs,
        fields={
            "created_at": _("created"),
            "type": _("type"),
            "telegram_dialog_id": _("chat id"),
            "title": _("title"),
            "keep_history": _("keep history"),
            "state": _("in the middle of"),
        },
        order=80,
    ),
):
    register(_holding)

exempt("engine.BotIdentity", "The bot's own name.")
exempt("engine.FailureKind", "Kinds of failure, free of what people wrote.")
exempt("engine.Heartbeat", "The program's own processes.")
exempt("engine.JobFailure", "Errors without a word of what people wrote (see failures.describe).")
exempt("engine.RateBucket", "Names of budgets.")
exempt("engine.RollupCursor", "Names of counts.")
exempt("procrastinate.ProcrastinateEvent", "When a job did what.")
exempt("procrastinate.ProcrastinateJob", "Jobs get keys, never texts; done ones are deleted.")
exempt("procrastinate.ProcrastinatePeriodicDefer", "When a periodic job was due.")
exempt("procrastinate.ProcrastinateWorker", "The program's own processes.")
