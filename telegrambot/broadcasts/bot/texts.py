"""Broadcasts in words: headings, numbers, bars, previews. Telegram HTML throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from telegrambot.accounts.models import TelegramUser
from telegrambot.broadcasts import content, ledger
from telegrambot.broadcasts.exceptions import WrongText
from telegrambot.broadcasts.markup import VARIABLES
from telegrambot.broadcasts.models import Broadcast, FollowUp
from telegrambot.broadcasts.preflight import Preflight
from telegrambot.engine.chat import MAX_LABEL, ChatRequest, escape
from telegrambot.engine.splitting import MAX_TEXT, length

Status = Broadcast.Status

BAR = 12
MARKS = {
    Status.DRAFT: "📝",
    Status.SCHEDULED: "🗓",
    Status.SENDING: "▶️",
    Status.PAUSED: "⏸",
    Status.SENT: "✅",
    Status.FAILED: "⚠️",
    Status.CANCELLED: "⏹",
}
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


@contextmanager
def spoken() -> Iterator[None]:
    """Let what a form would show beside a field be an answer in the chat."""
    try:
        yield
    except ValidationError as error:
        raise WrongText(problem=" ".join(error.messages)) from None


def typed_html(text: str, html: str) -> str:
    """What an operator typed: the formatting they gave it in Telegram, or else the tags they wrote.

    Args:
        text: as typed.
        html: the same with its formatting as tags, and all else escaped.
    """
    return text if "<" not in html and _TAG.search(text) else html


def left_out(request: ChatRequest) -> str:
    """What to say of a photo, or another file, with whose caption a draft was written; empty for none."""
    if not request.has_file:
        return ""
    return _("Only the text was taken: photos and videos are added in the browser.")


def number(value: int) -> str:
    """A number with its thousands apart."""
    return number_format(value, force_grouping=True)


def people(count: int) -> str:
    """So many people."""
    return ngettext("{count} person", "{count} people", count).format(count=number(count))


def duration(seconds: float) -> str:
    """A length of time, roughly."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return _("{count} s").format(count=max(round(seconds), 1))
    if minutes < 60:
        return _("{count} min").format(count=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def label(broadcast: Broadcast) -> str:
    """A broadcast on a button of a list."""
    mark = "❓" if broadcast.needs_confirmation else MARKS[Status(broadcast.status)]
    status = f" · {broadcast.get_status_display()}"
    return f"{mark} {broadcast.title[: MAX_LABEL - len(status) - 3]}{status}"


def heading(broadcast: Broadcast) -> str:
    """Title and status."""
    mark = MARKS[Status(broadcast.status)]
    return f"{mark} <b>{escape(broadcast.title)}</b> · {broadcast.get_status_display()}"


def audience(broadcast: Broadcast) -> str:
    """Whom it is for."""
    if broadcast.target_audience == Broadcast.Audience.SEGMENT:
        return str(broadcast.segment)
    return str(broadcast.get_target_audience_display())


# ── Before it starts ──────────────────────────────────────────────────────────────────────────────────────


def before(broadcast: Broadcast, found: Preflight, reader: TelegramUser) -> str:
    """A broadcast that has not started: whom it reaches, and how it will look to them."""
    lines = [heading(broadcast), *_when(broadcast), *reach(broadcast, found)]
    if broadcast.message_type != Broadcast.Type.TEXT:
        lines.append(_("With it: {kind}").format(kind=broadcast.get_message_type_display()))
    rows = [" ".join(f"[{escape(button['text'])}]" for button in row) for row in broadcast.buttons]
    facts = "\n".join(lines)
    preview = "\n".join([content.text_for(broadcast, _columns(reader)), *rows]).strip()
    caption = _("As people will see it:")
    shown = f"{facts}\n\n<i>{caption}</i>\n\n{preview}"
    if length(shown) <= MAX_TEXT:
        return shown
    return f"{facts}\n\n" + _("The text is too long to be shown here: press “Send to me first”.")


def reach(broadcast: Broadcast, found: Preflight) -> list[str]:
    """The audience in numbers, line by line."""
    lines = [
        _("For: {audience}").format(audience=escape(audience(broadcast))),
        ngettext("{count} person gets it", "{count} people get it", found.reach.recipients).format(
            count=number(found.reach.recipients)
        ),
    ]
    left_out = (
        (_("{count} switched off"), found.reach.inactive),
        (_("{count} blocked the bot"), found.reach.blocked),
        (_("{count} opted out"), found.reach.opted_out),
        (_("{count} without a chat"), found.reach.without_chat),
    )
    if found.reach.left_out:
        reasons = ", ".join(text.format(count=number(count)) for text, count in left_out if count)
        lines.append(_("Left out: {reasons}").format(reasons=reasons))
    if found.asleep:
        lines.append(
            _("{count} have quiet hours now and get it after them").format(count=number(found.asleep))
        )
    if found.seconds:
        lines.append(_("Sending takes about {time}").format(time=duration(found.seconds)))
    return lines


def _when(broadcast: Broadcast) -> list[str]:
    if broadcast.needs_confirmation:
        return [_("It waits for your decision."), *([escape(broadcast.problem)] if broadcast.problem else [])]
    if broadcast.status != Status.SCHEDULED or broadcast.scheduled_at is None:
        return []
    moment = moment_in_words(broadcast)
    return [_("It starts on {moment}").format(moment=moment)]


def moment_in_words(broadcast: Broadcast) -> str:
    """When it is scheduled for, on the reader's clock."""
    assert broadcast.scheduled_at is not None  # ck_broadcast_scheduled_at
    moment = timezone.localtime(broadcast.scheduled_at)
    text = f"{date_format(moment, 'DATETIME_FORMAT')} ({timezone.get_current_timezone_name()})"
    return text + (", " + _("for each recipient by their own clock") if broadcast.is_local_time else "")


def _columns(reader: TelegramUser) -> dict[str, str]:
    return {name: getattr(reader, name) for name in VARIABLES}


# ── While it runs, and after ──────────────────────────────────────────────────────────────────────────────


def progress(broadcast: Broadcast, found: ledger.Progress) -> str:
    """A broadcast that has started: how far it is, and what became of it."""
    filled = BAR * found.percent // 100
    lines = [heading(broadcast)]
    if broadcast.problem:
        lines.append(f"⚠️ {escape(broadcast.problem)}")
    if broadcast.is_running:
        lines.append(f"{'▓' * filled}{'░' * (BAR - filled)} {found.percent} %")
    counts = (
        (pgettext("broadcast", "{count} received"), found.received, True),
        (_("{count} failed"), found.failed, False),
        (_("{count} uncertain"), found.uncertain, False),
        (_("{count} cancelled"), found.cancelled, False),
        (_("{count} waiting"), found.waiting, False),
    )
    shown = [text.format(count=number(count)) for text, count, is_always in counts if count or is_always]
    lines.append(" · ".join(shown))
    if found.postponed:
        lines.append(
            _("{count} of them get it later by their own clock").format(count=number(found.postponed))
        )
    if broadcast.is_running and found.seconds_left:
        lines.append(
            _("{rate} a second, about {time} left").format(
                rate=number_format(found.rate, 1), time=duration(found.seconds_left)
            )
        )
    if broadcast.clicks_count or broadcast.opt_outs_count:
        lines.append(
            _("Clicks: {clicks} · opt-outs: {opt_outs}").format(
                clicks=number(broadcast.clicks_count), opt_outs=number(broadcast.opt_outs_count)
            )
        )
    return "\n".join(lines)


def reasons(found: list[tuple[str, str, int]]) -> str:
    """Why people did not get it, the most frequent first."""
    title = _("Why not")
    lines = [f"{number(count)} × {escape(reason or status)}" for status, reason, count in found]
    return "\n".join([f"<b>{title}</b>", *lines]) if lines else ""


def follow_up(found: ledger.FollowUpProgress) -> str:
    """How far a recall or the corrections are."""
    text = (
        _("Taken back: {done} deleted")
        if found.kind == FollowUp.Kind.RECALL
        else _("Corrected: {done} edited")
    )
    parts = [text.format(done=number(found.done))]
    if found.waiting:
        parts.append(_("{count} waiting").format(count=number(found.waiting)))
    if found.failed:
        parts.append(_("{count} failed").format(count=number(found.failed)))
    return " · ".join(parts)


def after_command(request: ChatRequest) -> str:
    """What was typed after a command, as Telegram HTML."""
    _command, *rest = request.html.split(maxsplit=1)
    return typed_html(request.rest, rest[0].strip()) if rest else ""
