"""By which guides people can be chosen."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts import audience
from telegrambot.guides.models import SavedGuide


def _keeps(**values: object) -> Q:
    return Q(pk__in=SavedGuide.objects.filter(**values).values("user"))


audience.register("guide_saved", _("saved the guide"), audience.read_key, lambda key: _keeps(guide=key))
audience.register(
    "guide_read", _("read the guide"), audience.read_key, lambda key: _keeps(guide=key, is_read=True)
)
