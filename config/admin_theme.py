"""How the admin looks, and its sidebar: the one list of what people find there. New apps add their lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _allowed(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _list(title: Any, icon: str, model: str) -> dict[str, Any]:
    """A line that opens the list of a model ("app.model"), for those who may look at it."""
    app, _dot, name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _allowed(f"{app}.view_{name}"),
    }


def _section(title: Any, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "items": list(items)}


UNFOLD = {
    "SITE_TITLE": "Switchboard",
    "SITE_HEADER": "Switchboard",
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    # The menu below one's own name; the security page leads to the password too.
    "ACCOUNT": {"navigation": [{"title": _("Security"), "link": reverse_lazy("mfa_index")}]},
    "BORDER_RADIUS": "8px",
    "STYLES": [
        lambda request: static("engine/admin.css"),
        lambda request: static("audit/admin.css"),
        lambda request: static("vault/admin.css"),
    ],
    "DASHBOARD_CALLBACK": "telegrambot.engine.admin.home.home",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    # A section is what people come for; one without a line that the person may open is not shown.
    "SIDEBAR": {
        "navigation": [
            _section(None, {"title": _("Home"), "icon": "home", "link": reverse_lazy("admin:index")}),
            _section(
                _("People"),
                _list(_("People"), "group", "accounts.telegramuser"),
                _list(_("Staff accounts"), "badge", "accounts.user"),
            ),
            _section(
                _("Conversations"),
                _list(_("Inbox"), "inbox", "inbox.conversation"),
                {
                    "title": _("Reply desk"),
                    "icon": "rate_review",
                    "link": reverse_lazy("admin:inbox_draftreply_desk"),
                    "permission": _allowed("inbox.view_draftreply"),
                },
                _list(_("Saved replies"), "quickreply", "inbox.savedreply"),
                _list(_("Dialogs"), "forum", "engine.dialog"),
                _list(_("Messages"), "chat", "engine.message"),
                _list(_("Commands"), "terminal", "accounts.botcommand"),
            ),
            _section(
                _("Campaigns"),
                _list(_("Broadcasts"), "campaign", "broadcasts.broadcast"),
                _list(_("Segments"), "filter_alt", "broadcasts.segment"),
            ),
            _section(
                _("Content"),
                _list(_("Guides"), "menu_book", "guides.guide"),
                _list(_("Categories"), "category", "guides.guidecategory"),
            ),
            _section(
                _("Projects"),
                _list(_("Projects"), "folder_open", "projects.project"),
                _list(_("Features"), "task_alt", "projects.feature"),
                _list(_("Releases"), "rocket_launch", "projects.release"),
            ),
            _section(
                _("Records"),
                _list(_("Audit log"), "history", "audit.eventlog"),
                _list(_("Updates"), "move_to_inbox", "engine.inboundupdate"),
                _list(_("Processed messages"), "done_all", "engine.processedmessage"),
            ),
            _section(
                _("System"),
                _list(_("Settings"), "tune", "vault.appsetting"),
                _list(_("Models"), "smart_toy", "inbox.userselectedmodel"),
                _list(_("Automatic answers"), "auto_mode", "inbox.automatictopic"),
                _list(_("Business accounts"), "storefront", "inbox.businessconnection"),
                _list(_("Credentials"), "key", "accounts.authenticationdata"),
                _list(_("Background jobs"), "schedule", "engine.backgroundjob"),
            ),
        ],
    },
}
