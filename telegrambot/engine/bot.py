"""What the bot itself answers: greeting, help, the way out, and how things are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from telegrambot.accounts.roles import Role
from telegrambot.engine import health
from telegrambot.engine.chat import (
    Button,
    ChatRequest,
    Reply,
    button,
    command,
    escape,
    last_resort,
    page,
    phrase,
    unknown_command,
)
from telegrambot.engine.handling import call, catalogue, may_run
from telegrambot.engine.routing import Match, registry


@command("start", description=gettext_lazy("Begin"))
def start(request: ChatRequest) -> Reply | None:
    """Greet, or follow a deep link."""
    if request.rest:
        match = registry.deep_link_for(request.rest)
        if match is not None and may_run(match, request.person):
            return call(match, request)
        return Reply(_("That link is not valid, or no longer. /help shows what I can do."))
    name = request.person.first_name
    greeting = _("Hello, {name}!").format(name=escape(name)) if name else _("Hello!")
    return Reply(
        f"<b>{greeting}</b>\n\n" + _("Write to me here at any time. /help shows what I can do."),
        buttons=[[Button(_("What can you do?"), show_help)]],
        leaves=True,
    )


@phrase(r"help|помощь")
@command("help", description=gettext_lazy("What I can do"))
@command("menu", description=gettext_lazy("All commands as buttons"))
def help_(request: ChatRequest) -> Reply:
    """List the commands of the person's role."""
    return _help_page(request, 0)


@button()
def show_help(request: ChatRequest, number: int = 0) -> Reply:
    """A page of the list of commands."""
    return _help_page(request, number)


@button()
def run_command(request: ChatRequest, name: str) -> Reply | None:
    """Run a command from the list as if it had been typed."""
    route = registry.commands.get(name)
    if route is None or not may_run(match := Match(route), request.person):
        return Reply(toast=_("This is not available to you. /help shows what is."))
    reply = call(match, request)
    return None if reply is None else replace(reply, new=True)


@command("cancel", description=gettext_lazy("Leave what we are in the middle of"))
def cancel(request: ChatRequest) -> Reply:
    """Leave whatever the chat is in the middle of."""
    if not request.dialog.state:
        return Reply(_("There is nothing to cancel. /help shows what I can do."))
    return Reply(_("Cancelled."), leaves=True)


@command("stats", description=gettext_lazy("People, messages, queues"), role=Role.ADMIN)
def stats(request: ChatRequest) -> Reply:
    """People and messages in numbers."""
    found = health.statistics()
    lines = [
        f"<b>{_('People')}</b>",
        ngettext("{count} person", "{count} people", found.people).format(count=found.people),
        _("{count} new in seven days").format(count=found.people_new_this_week),
        _("{count} seen in 24 hours").format(count=found.people_seen_today),
        _("{count} blocked the bot").format(count=found.people_blocked),
        "",
        f"<b>{_('Messages in 24 hours')}</b>",
        _("{count} received").format(count=found.received_today),
        _("{count} sent").format(count=found.sent_today),
    ]
    return Reply("\n".join(lines))


@command("health", description=gettext_lazy("Is everything running?"), role=Role.OWNER)
def show_health(request: ChatRequest) -> Reply:
    """Queues, failures, signs of life."""
    found = health.health(besides=request.update_key)
    lines = [
        f"<b>{found.database}</b>",
        _queue(_("Updates waiting: {count}"), found.updates_waiting, found.oldest_update),
        _queue(_("Messages waiting: {count}"), found.messages_waiting, found.oldest_message),
        _(
            "Waiting for a person: {updates} updates failed, {messages} messages failed, "
            "{uncertain} uncertain"
        ).format(
            updates=found.updates_failed, messages=found.messages_failed, uncertain=found.messages_uncertain
        ),
        _("Background jobs failed: {count}").format(count=found.jobs_failed),
        "",
    ]
    for service in found.services:
        mark = "🟢" if service.is_alive and not service.problem else "🔴"
        ago = _("{time} ago").format(time=timesince(service.beat_at))
        lines.append(f"{mark} {escape(service.name)}: {escape(service.problem_in_words) or ago}")
    return Reply("\n".join(lines))


@unknown_command
def unknown(request: ChatRequest) -> Reply:
    """A command that does not exist."""
    return Reply(_("I do not know that command. /help shows what I can do."))


@last_resort
def not_understood(request: ChatRequest) -> Reply | None:
    """Whatever nobody else wanted; what others say to each other is none of the bot's business."""
    if not request.dialog.is_private_with_bot:
        return None
    return Reply(_("I did not understand that. /help shows what I can do."))


def _help_page(request: ChatRequest, number: int) -> Reply:
    rows = catalogue.visible_to(request.person.role)
    shown, arrows = page(rows, number, show_help)
    text = "\n".join(f"/{row.command} – {escape(row.description(request.language))}" for row in rows)
    buttons = [[Button(row.description(request.language), run_command, row.command)] for row in shown]
    return Reply(f"<b>{_('What I can do')}</b>\n\n{text}", buttons=[*buttons, arrows])


def _queue(sentence: str, count: int, oldest: datetime | None) -> str:
    line = sentence.format(count=count)
    if oldest and timezone.now() - oldest > health.SILENT_AFTER:
        line += " – " + _("the oldest for {time}").format(time=timesince(oldest))
    return line
