"""Addresses of the sandbox, below /sandbox/."""

from __future__ import annotations

from django.urls import path

from telegrambot.sandbox import acts, views
from telegrambot.sandbox.api import views as api

app_name = "sandbox"
urlpatterns = [
    path("", views.index, name="index"),
    path("people/add/", views.add_person, name="add_person"),
    path("files/<int:file_id>/", views.file, name="file"),
    path("<int:person_id>/", views.chat, name="chat"),
    path("<int:person_id>/changes/", views.changes, name="changes"),
    path("<int:person_id>/send/", acts.send, name="send"),
    path("<int:person_id>/start/", acts.start, name="start"),
    path("<int:person_id>/press/", acts.press, name="press"),
    path("<int:person_id>/block/", acts.block, name="block"),
    path("<int:person_id>/unblock/", acts.unblock, name="unblock"),
    path("<int:person_id>/language/", acts.language, name="language"),
    path("telegram/bot<str:token>/<str:name>", api.call_method, name="api"),
    path("telegram/file/bot<str:token>/<path:path>", api.download, name="download"),
]
