"""Sessions that know whose they are and where they are used."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from audit.audited import not_audited
from telegrambot.sign_in.devices import describe_device


@not_audited("Signing in and out are events of their own; the rest moves with every page.")
class Session(AbstractBaseSession):
    """One browser's session. The session store fills every column from the session's own data."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, verbose_name=_("staff account")
    )
    ip = models.GenericIPAddressField(_("IP address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=200, default="", db_default="")
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    seen_at = models.DateTimeField(_("last seen"), null=True)

    class Meta:
        db_table_comment = "Sessions of browsers; deleting a row signs that browser out"
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> type:
        from telegrambot.sign_in.session_store import SessionStore

        return SessionStore

    @property
    def handle(self) -> str:
        """A name for pages: whoever reads a session's key holds the session, so pages never show it."""
        return salted_hmac("sign_in.session", self.session_key).hexdigest()

    @property
    def device(self) -> str:
        """The browser and system, in words."""
        return describe_device(self.user_agent)
