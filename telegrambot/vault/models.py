"""What operators have set while the program runs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.audited import audited
from config.schema import TimestampedModel
from telegrambot.vault.catalogue import LONGEST_CATEGORY, LONGEST_KEY
from telegrambot.vault.fields import EncryptedTextField


@audited(noise=["category", "description", "updated_by"])
class AppSetting(TimestampedModel):
    """One setting that somebody has given a value; all others have their defaults (see catalogue.py).

    A sensitive value lies in a column of its own, which the audit log never keeps and no dump shows.
    """

    key = models.CharField(_("key"), max_length=LONGEST_KEY, primary_key=True)
    value = models.TextField(_("value"), blank=True, default="", db_default="")
    secret = EncryptedTextField(_("secret value"), null=True, blank=True)
    category = models.CharField(
        _("category"), max_length=LONGEST_CATEGORY, blank=True, default="", db_default=""
    )
    is_sensitive = models.BooleanField(_("sensitive"), default=False, db_default=False)
    description = models.TextField(_("description"), blank=True, default="", db_default="")
    updated_by = models.CharField(_("set by"), max_length=100, blank=True, default="", db_default="")

    class Meta:
        db_table_comment = "Settings that differ from their defaults; secrets are encrypted"
        verbose_name = _("setting")
        verbose_name_plural = _("settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_sensitive=True, value="", secret__isnull=False)
                | Q(is_sensitive=False, secret__isnull=True),
                name="ck_appsetting_place",
            ),
        ]

    def __str__(self) -> str:
        return self.key
