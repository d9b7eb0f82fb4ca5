"""What projects keep about the people who talk about them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from projects.models import ChangesSeen, UserContext
from telegrambot.accounts.personal_data import Holding, exempt, register

register(
    Holding(
        "projects.context",
        UserContext,
        _("Active project"),
        lambda person: UserContext.objects.filter(user=person),
        fields={"active_project__name": _("active project")},
    )
)
register(
    Holding(
        "projects.changes_seen",
        ChangesSeen,
        _("Looks at the changes"),
        lambda person: ChangesSeen.objects.filter(user=person),
        fields={"project__name": _("project"), "seen_at": _("last looked at the changes")},
    )
)

exempt("projects.Project", "What the team writes about its work.")
exempt("projects.Release", "What the team writes about its work.")
exempt("projects.Feature", "What the team writes about its work; its product owner is a word here.")
