"""By which guides people can be chosen."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts import audience
from telegrambot.guides.models import Guide, SavedGuide


def _keeps(**values: object) -> Q:
    return Q(pk__in=SavedGuide.objects.filter(**values).values("user"))


_ask = audience.key_field(lambda: Guide.objects.order_by("title", "pk"), "title")
audience.register("guide_saved", _("saved the guide"), audience.read_key, lambda key: _keeps(guide=key), _ask)
audience.register(
    "guide_read", _("read the guide"), audience.read_key, lambda key: _keeps(guide=key, is_read=True), _ask
)
