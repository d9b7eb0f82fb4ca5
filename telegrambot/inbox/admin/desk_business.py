"""Business accounts that the bot answers for: whose, since when, with which rights."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.history import HistoryAdmin
from config.admin_readonly import ReadOnlyAdmin
from telegrambot.engine.admin import presentation, search
from telegrambot.inbox.models import BusinessConnection


@admin.register(BusinessConnection)
class BusinessConnectionAdmin(HistoryAdmin, ReadOnlyAdmin):
    """What Telegram tells of connections; they are made and ended in Telegram's own settings."""

    list_display = ("id", "owner", "state_label", "may", "connected_at")
    list_display_links = ("id",)
    list_filter = ("is_enabled",)
    list_select_related = ("person",)
    nothing_yet = _("Connect the bot in Telegram: Settings, Telegram Business, Chatbots.")
    search_fields = ("id",)
    search_help_text = _("Telegram id, or the beginning of a person's name")
    fieldsets = ((None, {"fields": ("owner", "state", "may", "bot_id", "connected_at", "updated_at")}),)

    def matching(self, term: str) -> Q:
        """By whose account it is."""
        return Q(person__in=search.people(term))

    @display(description=_("owner of the account"))
    def owner(self, row: BusinessConnection) -> SafeString | str:
        """Whose account it is."""
        return presentation.person_link(row.person)

    @display(description=_("state"), label={"answers": "success", "reads": "warning", "ended": "default"})
    def state_label(self, row: BusinessConnection) -> tuple[str, str]:
        """What the bot may do there, in its colour."""
        if not row.is_enabled:
            return "ended", gettext("disconnected")
        return ("answers", gettext("answers")) if row.can_reply else ("reads", gettext("only reads"))

    @display(description=_("state"))
    def state(self, row: BusinessConnection) -> str:
        """What the bot may do there."""
        return self.state_label(row)[1]

    @display(description=_("rights, by Telegram's names"))
    def may(self, row: BusinessConnection) -> str:
        """Everything that was allowed."""
        given = sorted(name for name, is_given in row.rights.items() if is_given)
        return ", ".join(name.removeprefix("can_").replace("_", " ") for name in given) or "–"
