"""What is recorded about people, beside the changes of their rows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("accounts.role.granted", _("role granted"))
declare("accounts.role.revoked", _("role taken away"))
declare("accounts.owner.claimed", _("ownership of the bot claimed"))
declare("accounts.person.erased", _("person erased"))
declare("accounts.person.exported", _("personal data handed out"))
