"""The four roles, from least to most allowed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.exceptions import UnknownRole


class Role(models.IntegerChoices):
    """What a person may do; each role includes the ones below it."""

    PUBLIC = 0, _("public")
    SUBSCRIBER = 1, _("subscriber")
    ADMIN = 2, _("admin")
    OWNER = 3, _("owner")


def parse_role(text: str) -> Role:
    """Read a role as people type it, in any language the bot speaks.

    Raises:
        UnknownRole: no role is called so.
    """
    wanted = text.strip().casefold()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for role in Role:
                if wanted in {role.name.casefold(), str(role.label).casefold()}:
                    return role
    raise UnknownRole(text=text, roles=", ".join(str(role.label) for role in Role))
