"""Signing in and out, and second steps, as events of the audit log.

An event tells of which account and how; never a name somebody typed that is no account's, nor an address:
events cannot be erased.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save

from audit.services import record
from telegrambot.accounts.models import User


def connect() -> None:
    """Listen to whoever tells of these things."""
    user_logged_in.connect(_on_signed_in, dispatch_uid="sign_in.events.opened")
    user_logged_out.connect(_on_signed_out, dispatch_uid="sign_in.events.closed")
    user_login_failed.connect(_on_wrong_password, dispatch_uid="sign_in.events.wrong_password")
    authentication_failed.connect(_on_wrong_code, dispatch_uid="sign_in.events.wrong_code")
    # allauth's own signals come after the commit, and not at all for what the server's side deletes.
    post_save.connect(_on_factor_saved, sender=Authenticator, dispatch_uid="sign_in.events.added")
    post_delete.connect(_on_factor_deleted, sender=Authenticator, dispatch_uid="sign_in.events.removed")


def _on_signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    record("sign_in.session.opened", user)


def _on_signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record("sign_in.session.closed", user)


def _on_wrong_password(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    account = User.objects.filter(username=credentials.get("username", "")).first()
    record("sign_in.session.refused", account, details={"step": "password"})


def _on_wrong_code(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record("sign_in.session.refused", user, details={"step": authenticator.type})


def _on_factor_saved(
    sender: Any, instance: Authenticator, created: bool, raw: bool = False, **kwargs: Any
) -> None:
    if created and not raw:
        record("sign_in.second_factor.added", instance.user, details={"type": instance.type})


def _on_factor_deleted(sender: Any, instance: Authenticator, **kwargs: Any) -> None:
    record("sign_in.second_factor.removed", instance.user, details={"type": instance.type})
