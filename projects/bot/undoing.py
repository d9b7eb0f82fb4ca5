"""Taking back the last change in chat: look first, then do it, and bring it back."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects import undo
from projects.bot.signs import bullets
from projects.bot.speaking import said
from telegrambot.accounts.roles import Role
from telegrambot.engine.chat import Button, ChatRequest, Reply, button, command, escape
from telegrambot.engine.splitting import length

# So many sentences and characters of them are shown: two lists fit into one message, with its buttons.
_MOST, _ROOM = 10, 1500


@said("ask_undo")
@command("undo", description=gettext_lazy("Take back your last change"), role=Role.ADMIN)
@button(role=Role.ADMIN, command="undo")
def ask_undo(request: ChatRequest) -> Reply:
    """Show what the person changed last, and what taking it back would do."""
    plan = undo.last_change(request.person)
    if plan is None:
        return Reply(_("There is no change of yours to undo."), leaves=True)
    moment = date_format(timezone.localtime(plan.at), "SHORT_DATETIME_FORMAT")
    parts = [
        f"<b>{_('Your last change')}</b>, {escape(moment)}\n{_list(plan.changes)}",
        f"<b>{_('Undoing it would do this')}</b>\n{_list(plan.preview)}",
    ]
    if plan.refusal:
        parts[1] = f"<b>{_('It cannot be undone')}</b>\n{escape(plan.refusal)}"
        return Reply("\n\n".join(parts), leaves=True)
    buttons = [[Button(_("Yes, undo it"), do_undo, plan.event_id), Button(_("No"), keep)]]
    return Reply("\n\n".join(parts), buttons, leaves=True)


@button(role=Role.ADMIN, command="undo")
def do_undo(request: ChatRequest, event_id: int) -> Reply:
    """Take back exactly the change that was shown."""
    done = undo.undo(event_id, actor=request.person)
    text = f"<b>{_('Undone')}</b>\n{_list(done.sentences)}"
    back = Button(_("Bring it back"), bring_back, done.event_id)
    return Reply(text, [[back], [Button(_("Undo one more"), ask_undo)]], leaves=True)


@button(role=Role.ADMIN, command="undo")
def bring_back(request: ChatRequest, event_id: int) -> Reply:
    """Undo the undo."""
    done = undo.undo(event_id, actor=request.person)
    text = f"<b>{_('Brought back')}</b>\n{_list(done.sentences)}"
    return Reply(text, [[Button(_("Undo my last change"), ask_undo)]], leaves=True)


@button(role=Role.ADMIN, command="undo")
def keep(request: ChatRequest) -> Reply:
    """Leave everything as it is."""
    return Reply(_("Nothing was undone."), leaves=True)


def _list(sentences: Sequence[str]) -> str:
    """The first of them, one at least, and how many more there are."""
    shown: list[str] = []
    room = _ROOM
    for line in map(escape, sentences[:_MOST]):
        room -= length(line)
        if shown and room < 0:
            break
        shown.append(line)
    hidden = len(sentences) - len(shown)
    more = _("%(count)s more") % {"count": hidden}
    return bullets(shown) + (f"\n… {more}" if hidden else "")
