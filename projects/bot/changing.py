"""Make a change and show what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext as _

from projects.exceptions import EditConflict
from telegrambot.engine.chat import ChatRequest, Reply, escape


def settled(
    request: ChatRequest, change: Callable[[], bool], show: Callable[[str], Reply], done: Callable[[], str]
) -> Reply:
    """Make a change; when someone else was faster, tell so and show the thing as it is now.

    Args:
        request: whose change it is.
        change: makes it, and tells whether anything changed.
        show: the thing's card with a headline (HTML).
        done: the headline after a change.
    """
    try:
        is_changed = change()
    except EditConflict as conflict:
        reply = show(escape(str(conflict)))
        return replace(reply, alert=str(conflict)) if request.is_button else reply
    return show(done() if is_changed else _("Nothing to change: it is so already."))
