"""`kill -9` while a model writes: the draft comes after the restart, once, and nothing was sent."""

from __future__ import annotations

import pytest

from benchmarks.bot_api_stand_in.client import StandInClient
from tests.databases import Database
from tests.model_server.answers import HANG, Answer
from tests.model_server.server import ModelServer
from tests.processes import TOKEN, wait_until

ANN = 6_000_001
KNOWN = """
WITH person AS (
    INSERT INTO accounts_telegramuser (telegram_id, first_name) VALUES (%s, 'Ann') RETURNING id, telegram_id),
model AS (
    INSERT INTO inbox_userselectedmodel (provider, model_name, base_url) VALUES ('other', 'small', %s)),
quiet AS (
    INSERT INTO vault_appsetting (key, value, category) VALUES ('drafting.quiet_seconds', '0', 'Drafts'))
INSERT INTO engine_dialog (bot_id, telegram_dialog_id, person_id, is_processing_enabled)
SELECT %s, telegram_id::text, id, true FROM person
"""
DRAFTS = "SELECT status FROM inbox_draftreply"
CALLS = "SELECT count(*) FROM inbox_modelcall"
# A dead worker is told from a busy one by its missing signs of life.
SECONDS = 150


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_worker_is_killed_while_the_model_writes(
    start_bot, database: Database, stand_in: StandInClient
) -> None:
    with ModelServer() as models:
        models.key = ""
        models.usual = Answer("We are open from nine to six.")
        models.script(Answer(trouble=HANG))
        database.rows(KNOWN, ANN, f"{models.url}/v1", int(TOKEN.split(":")[0]))
        bot = start_bot()
        wait_until(lambda: stand_in.state()["calls"].get("getUpdates"), "the first poll", seconds=60)
        stand_in.push("message", message("When are you open?"))
        wait_until(lambda: models.received, "the model to be asked", seconds=30)

        bot.kill()
        start_bot()

        wait_until(lambda: database.rows(DRAFTS), "the draft", seconds=SECONDS, every=0.5)
    assert database.rows(DRAFTS) == [("pending_approval",)]
    assert len(models.received) == 2
    assert database.value(CALLS) == 1
    assert not [said for said in stand_in.ledger() if "nine to six" in said.text]


def message(text: str) -> dict[str, object]:
    """What Ann writes, as the Bot API tells it."""
    ann = {"id": ANN, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    chat = {"id": ANN, "type": "private", "first_name": "Ann"}
    return {"message_id": 1, "date": 1_750_000_000, "chat": chat, "from": ann, "text": text}
