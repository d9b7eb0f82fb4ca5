"""A broadcast that has started: how far it is, pause, resume, cancel; and what can be done about it later."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from telegrambot.accounts.roles import Role
from telegrambot.broadcasts import follow_ups, ledger, services
from telegrambot.broadcasts.bot import lists, texts
from telegrambot.broadcasts.models import Broadcast, FollowUp
from telegrambot.engine.chat import Button, ChatRequest, Reply, answer, button, escape

Status = Broadcast.Status

REASONS = 3


@button(role=Role.ADMIN, command="broadcasts")
def pause(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Hold back what has not left."""
    found = Broadcast(pk=broadcast_id)
    services.pause(found, actor=request.person)
    return lists.screen(found, request.person, toast=_("Paused."))


@button(role=Role.ADMIN, command="broadcasts")
def resume(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Go on where it was paused."""
    found = Broadcast(pk=broadcast_id)
    services.resume(found, actor=request.person)
    return lists.screen(found, request.person, toast=_("It goes on."))


@button(role=Role.ADMIN, command="broadcasts")
def ask_cancel(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask before it is cancelled."""
    found = services.find(broadcast_id)
    question = _("Cancel “{title}”? Whoever has not got it yet never will.").format(title=escape(found.title))
    yes = Button(_("Yes, cancel it"), cancel, found.pk)
    return Reply(question, [[yes, Button(_("No"), lists.show, found.pk)]])


@button(role=Role.ADMIN, command="broadcasts")
def cancel(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Cancel it; the operator confirmed it."""
    found = Broadcast(pk=broadcast_id)
    services.cancel(found, actor=request.person)
    return lists.screen(found, request.person, toast=_("Cancelled."))


@button(role=Role.ADMIN, command="broadcasts")
def retry(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Try the failed copies again."""
    found = Broadcast(pk=broadcast_id)
    count = follow_ups.retry_failed(found, actor=request.person)
    toast = ngettext("{count} person gets another try.", "{count} people get another try.", count)
    return lists.screen(found, request.person, toast=toast.format(count=texts.number(count)))


@button(role=Role.ADMIN, command="broadcasts")
def ask_recall(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask before it is deleted from people's chats."""
    found = services.find(broadcast_id)
    question = _(
        "Take “{title}” back? It is deleted from the chats of those who got it in the last 48 hours "
        "({people}); what has not left is cancelled."
    ).format(title=escape(found.title), people=texts.people(follow_ups.recallable(found).count()))
    yes = Button(_("Yes, take it back"), recall, found.pk)
    return Reply(question, [[yes, Button(_("No"), lists.show, found.pk)]])


@button(role=Role.ADMIN, command="broadcasts")
def recall(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Take it back; the operator confirmed it."""
    found = Broadcast(pk=broadcast_id)
    follow_ups.recall(found, actor=request.person)
    return lists.screen(found, request.person, toast=_("It is being taken back."))


@button(role=Role.ADMIN, command="broadcasts")
def ask_correction(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Ask for the text that replaces the one people have."""
    found = services.find(broadcast_id)
    text = _(
        "Send me the right text of “{title}”. It replaces the old one at once, "
        "also where people have read it."
    ).format(title=escape(found.title))
    back = [Button(_("‹ Back"), lists.show, found.pk)]
    return Reply(text, [back], ask=hear_correction, data={"id": str(found.pk)})


@answer(role=Role.ADMIN, command="broadcasts")
def hear_correction(request: ChatRequest) -> Reply:
    """Take the right text."""
    found = Broadcast(pk=UUID(request.data["id"]))
    with texts.spoken():
        text = texts.typed_html(request.text, request.html)
        follow_ups.correct(found, text, actor=request.person)
    kept = _("Only the text was taken: photos and videos stay as they are.")
    return lists.screen(found, request.person, toast=kept if request.has_file else "")


@button(role=Role.ADMIN, command="broadcasts")
def copy(request: ChatRequest, broadcast_id: UUID) -> Reply:
    """Make a new draft of it."""
    made = services.copy(services.find(broadcast_id), actor=request.person)
    return lists.screen(made, request.person, toast=_("This is the copy."))


# ── Screens ───────────────────────────────────────────────────────────────────────────────────────────────


def screen(found: Broadcast) -> Reply:
    """How far it is, and what can be done now."""
    progress = ledger.progress(found)
    parts = [texts.progress(found, progress)]
    if not found.is_running and (progress.failed or progress.uncertain or progress.cancelled):
        parts.append(texts.reasons(ledger.reasons(found, limit=REASONS)))
    changes = ledger.follow_ups(found)
    parts += map(texts.follow_up, changes)
    is_recalled = any(change.kind == FollowUp.Kind.RECALL for change in changes)
    refresh = Button(_("🔄 Refresh"), lists.show, found.pk)
    rows = _while_it_runs(found) if found.is_running else _afterwards(found, progress, is_recalled)
    return Reply("\n\n".join(filter(None, parts)), [*rows, [refresh, *lists.back()]], leaves=True)


def _while_it_runs(found: Broadcast) -> list[list[Button]]:
    stop = Button(_("⏹ Cancel"), ask_cancel, found.pk)
    if found.status == Status.SENDING:
        return [[Button(_("⏸ Pause"), pause, found.pk), stop]]
    return [
        [Button(_("▶️ Resume"), resume, found.pk), stop],
        [Button(_("✏️ Correct"), ask_correction, found.pk), Button(_("↩️ Take back"), ask_recall, found.pk)],
    ]


def _afterwards(found: Broadcast, progress: ledger.Progress, is_recalled: bool) -> list[list[Button]]:
    rows = []
    if progress.failed and not is_recalled and found.status != Status.CANCELLED:
        label = _("🔁 Retry failed ({count})").format(count=texts.number(progress.failed))
        rows.append([Button(label, retry, found.pk)])
    if progress.received and not is_recalled:
        rows.append(
            [
                Button(_("✏️ Correct"), ask_correction, found.pk),
                Button(_("↩️ Take back"), ask_recall, found.pk),
            ]
        )
    return [*rows, [Button(_("📄 Copy"), copy, found.pk)]]
