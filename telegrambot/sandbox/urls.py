"""Addresses of the sandbox, below /sandbox/."""

from __future__ import annotations

from django.urls import path

from telegrambot.sandbox import acts, chat_acts, events, tools, views
from telegrambot.sandbox.api import views as api

app_name = "sandbox"
urlpatterns = [
    path("", views.index, name="index"),
    path("pane/", views.pane, name="pane"),
    path("events/", events.stream, name="events"),
    path("news/", events.news, name="news"),
    path("people/add/", views.add_person, name="add_person"),
    path("files/<int:file_id>/", views.file, name="file"),
    path("reset/", tools.reset, name="reset"),
    path("faults/set/", tools.set_fault, name="set_fault"),
    path("faults/clear/", tools.clear_faults, name="clear_faults"),
    path("bot/", tools.switch_bot, name="switch_bot"),
    path("<int:person_id>/", views.person_page, name="chat"),
    path("<int:person_id>/changes/", views.changes, name="changes"),
    path("<int:person_id>/send/", acts.send, name="send"),
    path("<int:person_id>/delete/", acts.delete, name="delete"),
    path("<int:person_id>/start/", acts.start, name="start"),
    path("<int:person_id>/press/", acts.press, name="press"),
    path("<int:person_id>/block/", acts.block, name="block"),
    path("<int:person_id>/unblock/", acts.unblock, name="unblock"),
    path("<int:person_id>/language/", acts.language, name="language"),
    path("<int:person_id>/create/", chat_acts.create, name="create"),
    path("<int:person_id>/write_to/", chat_acts.write_to, name="write_to"),
    path("<int:person_id>/add_member/", chat_acts.add_member, name="add_member"),
    path("<int:person_id>/leave/", chat_acts.leave, name="leave"),
    path("<int:person_id>/add_bot/", chat_acts.add_bot, name="add_bot"),
    path("<int:person_id>/remove_bot/", chat_acts.remove_bot, name="remove_bot"),
    path("<int:person_id>/connect/", chat_acts.connect, name="connect"),
    path("<int:person_id>/rights/", chat_acts.rights, name="rights"),
    path("<int:person_id>/disconnect/", chat_acts.disconnect, name="disconnect"),
    path("telegram/bot<str:token>/<str:name>", api.call_method, name="api"),
    path("telegram/file/bot<str:token>/<path:path>", api.download, name="download"),
]
