"""Addresses below /telegram/."""

from __future__ import annotations

from django.urls import path

from telegrambot.engine import webhook

app_name = "engine"

urlpatterns = [path("webhook/", webhook.receive, name="webhook")]
