"""Many chats ask at once: never more models at work than configured, and nobody is forgotten."""

from __future__ import annotations

import pytest

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database
from tests.model_server.answers import Answer
from tests.model_server.server import ModelServer
from tests.processes import TOKEN, wait_until

FIRST_CHAT = 6_000_001
AT_ONCE = 3
KNOWN = """
WITH person AS (
    INSERT INTO accounts_telegramuser (telegram_id, first_name)
    SELECT %s + n, 'Person ' || n FROM generate_series(0, %s - 1) AS n RETURNING id, telegram_id),
model AS (
    INSERT INTO inbox_userselectedmodel (provider, model_name, base_url) VALUES ('other', 'small', %s)),
quiet AS (
    INSERT INTO vault_appsetting (key, value, category) VALUES ('drafting.quiet_seconds', '0', 'Drafts'))
INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id, is_processing_enabled)
SELECT %s, telegram_id::text, id, true FROM person
"""
DRAFTED = "SELECT count(DISTINCT dialog_id), count(*) FROM inbox_draftreply WHERE status = 'pending_approval'"
AT_WORK = "SELECT count(*) FROM inbox_draftinprogress"


def test_a_few_chats(start_bot, database, stand_in):
    ask_at_once(start_bot, database, stand_in, chats=60)


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_five_hundred_chats(start_bot, database, stand_in):
    ask_at_once(start_bot, database, stand_in, chats=500)


def ask_at_once(start_bot, database: Database, stand_in: StandInClient, *, chats: int) -> None:
    """Let everybody write at the same instant, twice, and count models at work until all have a draft."""
    most = 0

    def all_have_a_draft() -> bool:
        nonlocal most
        most = max(most, database.value(AT_WORK))
        return database.rows(DRAFTED) == [(chats, chats)]

    with ModelServer() as models:
        models.key = ""
        models.usual = Answer("We are open from nine to six.")
        database.rows(KNOWN, FIRST_CHAT, chats, f"{models.url}/v1", int(TOKEN.split(":")[0]))
        start_bot(DRAFTING_CONCURRENCY=str(AT_ONCE))
        stand_in.load(2 * chats, chats=chats, text="When are you open?", first_chat=FIRST_CHAT)
        wait_until(all_have_a_draft, "a draft for everybody", seconds=400, every=0.02)
    assert 1 < most <= AT_ONCE
