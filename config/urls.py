"""Every address the web process answers."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("telegrambot.sign_in.admin_urls")),
    path("admin/", admin.site.urls),
    path("account/", include("telegrambot.sign_in.urls")),
    # Browsers ask for it wherever a page names no icon.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}sign_in/icon.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("telegram/", include("telegrambot.engine.urls")),
    path("sandbox/", include("telegrambot.sandbox.urls")),
]
