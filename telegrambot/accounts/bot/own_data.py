"""Everybody's own data in chat: what is kept of them as a file, and having it erased."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from telegrambot.accounts import data_export, erasure
from telegrambot.accounts.bot.deliveries import send_own_data
from telegrambot.engine.chat import ChatRequest, Reply, answer, command, escape, say_farewell


@command("mydata", description=gettext_lazy("All that is stored about you, as a file"))
def my_data(request: ChatRequest) -> Reply:
    """Send everything that is stored about the person; it may take a moment, so a job does it."""
    data_export.register_request(request.person)
    send_own_data.defer(
        person_id=str(request.person.pk), dialog_id=request.dialog.pk, update_key=request.update_key
    )
    return Reply(_("I am collecting everything I keep about you. The files come in a moment."))


@command("forgetme", description=gettext_lazy("Erase all that is stored about you"))
def forget_me(request: ChatRequest) -> Reply:
    """Say what will be lost, and wait for a word that nobody types by accident."""
    erasure.require_erasable(request.person)
    return _question(request, _("This erases everything I keep about you, for good:"))


@answer(command="forgetme")
def hear_confirmation(request: ChatRequest) -> Reply:
    """Erase, if that was the word; there is no way back after it."""
    if not erasure.is_confirmed(request.text):
        return _question(request, _("That was not the word, so nothing was erased. What would go:"))
    erasure.request(request.person, actor=request.person)
    say_farewell(
        request.dialog,
        Reply(
            _(
                "I am forgetting you now: in a moment nothing of yours is left here. What you see in this "
                "chat is kept by Telegram; you can clear it there. If you ever write again, we meet anew. "
                "All the best to you!"
            )
        ),
    )
    return Reply(leaves=True)


def _question(request: ChatRequest, opening: str) -> Reply:
    kept = "\n".join(f"• {escape(title)}" for title in data_export.titles(request.person))
    how = _(
        "To have it erased, send the word {word}. /cancel keeps everything, /mydata sends you a copy first."
    )
    return Reply(
        f"{opening}\n\n{kept}\n\n" + how.format(word=f"<code>{erasure.word()}</code>"), ask=hear_confirmation
    )
