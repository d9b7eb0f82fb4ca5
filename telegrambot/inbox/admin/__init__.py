"""The inbox's face in the browser."""

from __future__ import annotations

from telegrambot.inbox.admin import person_card  # noqa: F401  (adds itself)
from telegrambot.inbox.admin.conversations import ConversationAdmin
from telegrambot.inbox.admin.desk_business import BusinessConnectionAdmin
from telegrambot.inbox.admin.desk_dialogs import DeskDialogAdmin
from telegrambot.inbox.admin.desk_history import DraftReplyAdmin
from telegrambot.inbox.admin.desk_topics import TopicsPage
from telegrambot.inbox.admin.models_page import ModelsPage
from telegrambot.inbox.admin.saved_replies import SavedReplyAdmin

__all__ = [
    "BusinessConnectionAdmin",
    "ConversationAdmin",
    "DeskDialogAdmin",
    "DraftReplyAdmin",
    "ModelsPage",
    "SavedReplyAdmin",
    "TopicsPage",
]
