"""For which chats answers are drafted, and which of them may be answered without a person."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import MAX_LABEL, Button, ChatRequest, Reply, button, command, escape, page
from telegrambot.engine.models import Dialog
from telegrambot.inbox.bot import automatic_topics, screens
from telegrambot.inbox.desk import dialogs, trust
from telegrambot.inbox.desk.exceptions import DialogNotFound
from telegrambot.inbox.models import AutomaticTopic
from telegrambot.inbox.services import with_person
from telegrambot.vault import settings_store

_ON, _OFF = frozenset({"on", "вкл", "включить"}), frozenset({"off", "выкл", "выключить"})
MAX_TOPICS = 10


@command("auto", description=gettext_lazy("Which chats get drafts and automatic answers"), role=Role.ADMIN)
def auto(request: ChatRequest) -> Reply:
    """Show what goes out without a person; for owners `off` stops all of it at once, `on` allows it again."""
    word = request.rest.lower()
    is_on = settings_store.get("drafting.automatic", bool)
    if request.person.role >= Role.OWNER and (word in _OFF or (word in _ON and not is_on)):
        dialogs.switch_everything(word in _ON, actor=request.person)
    reply = _overview(request, 0)
    if word in _ON | _OFF and request.person.role < Role.OWNER:
        hint = _("Please choose the chat. Only an owner can stop the answers of all chats at once.")
        reply.text = f"{reply.text}\n\n{hint}"
    return reply


@button(role=Role.ADMIN, command="auto")
def overview(request: ChatRequest, number: int = 0) -> Reply:
    """The same, and a page of the chats."""
    return _overview(request, number)


@button(role=Role.OWNER, command="auto")
def set_all(request: ChatRequest, is_on: int) -> Reply:
    """Stop all automatic answers, or allow them again."""
    dialogs.switch_everything(bool(is_on), actor=request.person)
    return _overview(request, 0)


@button(role=Role.ADMIN, command="auto")
def show_chat(request: ChatRequest, dialog_id: int) -> Reply:
    """What is switched on in one chat, and what it has earned."""
    return _chat(request, _found(dialog_id))


@button(role=Role.ADMIN, command="auto")
def set_drafts(request: ChatRequest, dialog_id: int, is_on: int) -> Reply:
    """Draft answers in a chat, or not."""
    dialogs.set_processing([_found(dialog_id).pk], bool(is_on), actor=request.person)
    return _chat(request, _found(dialog_id))


@button(role=Role.ADMIN, command="auto")
def set_alone(request: ChatRequest, dialog_id: int, is_on: int) -> Reply:
    """Let answers in a chat go out without a person, or not."""
    dialogs.set_auto_send(_found(dialog_id), bool(is_on), actor=request.person)
    return _chat(request, _found(dialog_id))


@button(role=Role.ADMIN, command="inbox")
def open_conversation(request: ChatRequest, dialog_id: int) -> Reply:
    """Show what is said in a chat."""
    return screens.screen(with_person(_found(dialog_id), actor=request.person), request.person)


def _overview(request: ChatRequest, number: int) -> Reply:
    items: Sequence[Dialog]
    items, arrows = page(_drafted(), number, overview)
    needed = settings_store.get("drafting.approvals_needed", int)
    earned = trust.earned_in(item.pk for item in items)
    rows = [[Button(_label(item, earned.get(item.pk, 0), needed), show_chat, item.pk)] for item in items]
    rows.append([Button(_("📚 Topics"), automatic_topics.list_topics)])
    is_on = settings_store.get("drafting.automatic", bool)
    if request.person.role >= Role.OWNER:
        label = _("⛔️ Stop all automatic answers") if is_on else _("▶️ Allow automatic answers again")
        rows.append([Button(label, set_all, int(not is_on))])
    text = "\n\n".join(filter(None, [_state(is_on=is_on), _topics(), _legend(needed, is_empty=not items)]))
    return Reply(text, [*rows[: len(items)], arrows, *rows[len(items) :]], leaves=True)


def _drafted() -> QuerySet[Dialog]:
    found = Dialog.objects.filter(type=Dialog.Type.PRIVATE, is_processing_enabled=True)
    return found.select_related("person").order_by("-auto_send_enabled", "-pk")


def _state(*, is_on: bool) -> str:
    title = f"<b>{_('Drafts and automatic answers')}</b>"
    if not is_on:
        return (
            f"{title}\n\n{_('⛔️ An owner has stopped all automatic answers: a person decides about each.')}"
        )
    hours = settings_store.get("drafting.quiet_hours", str)
    lines = [
        _("🟢 Where it was earned and allowed, answers go out without a person."),
        _("Not between {hours}.").format(hours=escape(hours.replace("-", "–"))) if hours else "",
    ]
    return f"{title}\n\n" + " ".join(filter(None, lines))


def _topics() -> str:
    topics = AutomaticTopic.objects.filter(is_active=True).order_by("title")[:MAX_TOPICS]
    titles = ", ".join(topic.title for topic in topics)
    return _("Everywhere about: {topics}").format(topics=escape(titles)) if titles else ""


def _legend(needed: int, *, is_empty: bool) -> str:
    if is_empty:
        return _("No chat gets drafts yet. Open one in /inbox and switch them on there.")
    many = ngettext(
        "🤖 answers alone · 🎓 has earned it · ✍️ drafts only: {count} good draft is needed.",
        "🤖 answers alone · 🎓 has earned it · ✍️ drafts only: {count} good drafts in a row are needed.",
        needed,
    )
    return many.format(count=needed)


def _label(item: Dialog, earned: int, needed: int) -> str:
    if item.auto_send_enabled:
        mark, tail = "🤖", ""
    elif earned >= needed:
        mark, tail = "🎓", ""
    else:
        mark, tail = "✍️", f" · {earned}/{needed}"
    return f"{mark} {str(item.person or item)[: MAX_LABEL - len(tail) - 3]}{tail}"


def _chat(request: ChatRequest, dialog: Dialog) -> Reply:
    needed = settings_store.get("drafting.approvals_needed", int)
    earned = trust.earned_in([dialog.pk]).get(dialog.pk, 0)
    count = ngettext(
        "{earned} of {count} draft was approved with small edits.",
        "{earned} of {count} drafts in a row were approved with small edits.",
        needed,
    ).format(earned=earned, count=needed)
    lines = [
        f"<b>{screens.heading(dialog)}</b>",
        _("Drafts: on") if dialog.is_processing_enabled else _("Drafts: off"),
        _("Answers without a person: on") if dialog.auto_send_enabled else _("Answers without a person: off"),
        f"<i>{count}</i>",
    ]
    if dialog.auto_send_enabled and not settings_store.get("drafting.automatic", bool):
        lines.append(_("⛔️ An owner has stopped all automatic answers: a person decides about each."))
    may_begin = earned >= needed and request.person.role >= Role.OWNER
    return Reply("\n".join(lines), _chat_buttons(dialog, may_begin=may_begin), about=dialog.person_id)


def _chat_buttons(dialog: Dialog, *, may_begin: bool) -> list[list[Button]]:
    drafts = _("No drafts here") if dialog.is_processing_enabled else _("✍️ Draft answers here")
    rows = [[Button(drafts, set_drafts, dialog.pk, int(not dialog.is_processing_enabled))]]
    if dialog.auto_send_enabled:
        rows.append([Button(_("✋ Ask a person first"), set_alone, dialog.pk, 0)])
    elif may_begin:
        rows.append([Button(_("🤖 Answer without a person"), set_alone, dialog.pk, 1)])
    rows.append(
        [Button(_("💬 Open the chat"), open_conversation, dialog.pk), Button(_("‹ All chats"), overview)]
    )
    return rows


def _found(dialog_id: int) -> Dialog:
    """A chat with one person.

    Raises:
        DialogNotFound: it was erased meanwhile.
    """
    rows = Dialog.objects.select_related("person").filter(pk=dialog_id, type=Dialog.Type.PRIVATE)
    if (found := rows.first()) is None:
        raise DialogNotFound
    return found
