"""The guides' line of the checklist for new installations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.engine.first_steps import FirstStep, register
from telegrambot.guides.models import Guide

register(
    FirstStep(
        "guide",
        _("Write a guide"),
        _("Under Content → Guides. Readers find it with /guides."),
        Guide.objects.all,
        order=50,
    )
)
