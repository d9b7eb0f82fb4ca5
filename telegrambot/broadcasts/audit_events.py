"""What is recorded about broadcasts, beside the changes of their rows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("broadcasts.ledger.exported", _("list of recipients exported"))
