from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class SignInConfig(AppConfig):
    """How staff prove who they are, and from where they are signed in."""

    name = "telegrambot.sign_in"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        from telegrambot.sign_in import clients, second_factor_keys, security_events

        user_logged_in.connect(clients.on_signed_in, dispatch_uid="sign_in.clients")
        security_events.connect()
        second_factor_keys.register()
