"""What stands in place of the admin's own sign-in pages, which know neither limits nor second steps."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import path
from django.views.generic import RedirectView

from telegrambot.sign_in.views import admin_door

urlpatterns = [
    path("login/", admin_door),
    path("logout/", account.logout),
    path("password_change/", RedirectView.as_view(pattern_name="account_change_password")),
]
