"""Addresses of sign-in, below /account/. Signing up and everything by mail is left out on purpose."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from telegrambot.sign_in import views

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("sessions/", views.sessions_page, name="account_sessions"),
    path("sessions/end/", views.end_session, name="account_end_session"),
    path("sessions/end-others/", views.end_other_sessions, name="account_end_other_sessions"),
    path("security/", include("allauth.mfa.urls")),
]
