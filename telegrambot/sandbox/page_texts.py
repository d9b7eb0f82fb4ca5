"""The sentences that the page's script shows; the server hands them over translated."""

from __future__ import annotations

from django.utils.translation import gettext as _


def all_texts() -> dict[str, str]:
    """Every sentence by the name that the script uses."""
    return {
        "offline": _("Reconnecting…"),
        "failed": _("The sandbox did not answer. Is the web process running?"),
        "leaveQuestion": _("This link leads out of the sandbox. Open it?"),
        "open": _("Open"),
        "deleteQuestion": _("Delete this message for everybody?"),
        "delete": _("Delete"),
        "resetQuestion": _(
            "Put everything back to the demo? All chats, people and files that were added here are deleted."
        ),
        "reset": _("Reset"),
        "leaveChatQuestion": _("Leave this chat?"),
        "leave": _("Leave"),
        "copied": _("Copied"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "switchOff": _("Switch off"),
        "everyCall": _("every call"),
        "everySend": _("everything that writes to a chat"),
        "untilOff": _("until switched off"),
        "nextCalls": _("calls left: {count}"),
        "faultsOn": _("Telegram fails on purpose:"),
        "call": _("Call"),
        "update": _("Update"),
        "noAnswer": _("no answer"),
        "copy": _("Copy"),
        "pause": _("Pause"),
        "goOn": _("Go on"),
        "files": _("Files: {count}"),
    }
