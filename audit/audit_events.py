"""What is recorded about the records themselves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("audit.log.exported", _("records exported"))
declare("audit.log.verified", _("records checked"))
