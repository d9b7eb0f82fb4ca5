"""What is recorded about signing in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("sign_in.session.opened", _("signed in to the browser"))
declare("sign_in.session.refused", _("sign-in refused"))
declare("sign_in.session.closed", _("signed out of the browser"))
declare("sign_in.second_factor.added", _("second step of the sign-in added"))
declare("sign_in.second_factor.removed", _("second step of the sign-in removed"))
