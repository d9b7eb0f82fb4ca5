"""What allauth asks us."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.models import User
from telegrambot.vault.fields import EncryptedTextField

_SECRET = EncryptedTextField(_("secret of the second step"))


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by owners, never by visitors; mail is not needed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Save the password alone: the account may have lost rights while it was being hashed."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing about sign-in depends on mail, which many installations cannot send."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted with VAULT_KEYS."""

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code to stand inside a page, where an XML declaration has no place."""
        return str(super().build_totp_svg(url)).partition("?>")[2].strip()

    def encrypt(self, text: str) -> str:
        encrypted: str = _SECRET.get_prep_value(text)
        return encrypted

    def decrypt(self, encrypted_text: str) -> str:
        return _SECRET.from_db_value(encrypted_text) or ""
