"""What guides keep about their readers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.personal_data import Holding, exempt, register
from telegrambot.guides.models import GuideView, SavedGuide

register(
    Holding(
        "guides.saved",
        SavedGuide,
        _("Saved guides"),
        lambda person: SavedGuide.objects.filter(user=person),
        fields={
            "guide__title": _("guide"),
            "saved_at": _("saved"),
            "is_read": _("read"),
            "times_viewed": _("times opened"),
            "last_viewed_at": _("last opened"),
        },
    )
)
register(
    Holding(
        "guides.views",
        GuideView,
        _("Guides just opened"),
        lambda person: GuideView.objects.filter(reader=person),
        fields={"guide__title": _("guide"), "viewed_at": _("opened")},
    )
)

exempt("guides.Guide", "Operators write it for all readers.")
exempt("guides.GuideCategory", "What guides are sorted by.")
exempt("guides.GuideCover", "A guide's photo.")
