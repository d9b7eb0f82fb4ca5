"""What is recorded about secrets, beside the changes of rows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("vault.keys.rotated", _("secrets encrypted with the newest key"))
