"""What the tasks of the engine and of the layers below it do, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from config.job_words import describe

describe("telegrambot.engine.tasks.count_commands", _("Count how often each command was used"))
describe("telegrambot.engine.tasks.purge", _("Clean up what is past its time"))
describe("telegrambot.engine.tasks.erase_history", _("Erase the history of chat {dialog_id}"))
describe(
    "telegrambot.engine.tasks.erase_expired",
    _("Erase what was said in chats without history, after its time"),
)
describe("telegrambot.engine.tasks.retry_stalled_jobs", _("Restart jobs whose worker died"))
describe("telegrambot.sign_in.tasks.forget_expired_sessions", _("Forget sessions that have expired"))
describe("telegrambot.sign_in.tasks.forget_expired_cache", _("Forget cached things that have expired"))
