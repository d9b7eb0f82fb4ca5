"""What `runbot` says when it cannot run: one sentence, exit code 1; and when it only has to wait."""

from __future__ import annotations

import httpx
import pytest

from tests.processes import TOKEN, bot_environment, free_port, start_stand_in, wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def environment(processes, database, stand_in):
    processes.environment |= bot_environment(database, stand_in)


def refused(processes) -> str:
    """What `runbot` says; it must end with code 1 and one line, without its token."""
    bot = processes.manage("runbot")
    assert bot.exit_code(seconds=30) == 1
    assert TOKEN.split(":")[1] not in bot.output
    lines = [line for line in bot.output.splitlines() if line.strip()]
    assert len(lines) == 1, bot.output
    return lines[0]


@pytest.mark.usefixtures("environment")
def test_a_wrong_token(processes, stand_in):
    stand_in.revoke()

    assert "TELEGRAM_BOT_TOKEN" in refused(processes)
    assert stand_in.state()["calls"] == {"getMe": 1}


@pytest.mark.usefixtures("environment")
def test_a_token_that_is_revoked_while_the_bot_runs(processes, stand_in):
    bot = processes.manage("runbot")
    wait_until(lambda: stand_in.state()["calls"].get("getUpdates"), "the first poll", seconds=30)

    stand_in.revoke()
    stand_in.load(1, chats=1, text="wakes the poller")

    assert bot.exit_code(seconds=30) == 1
    assert "TELEGRAM_BOT_TOKEN" in bot.output
    assert "Traceback" not in bot.output
    assert TOKEN.split(":")[1] not in bot.output


@pytest.mark.usefixtures("environment")
def test_a_webhook_that_exists(processes, stand_in):
    url = "https://elsewhere.example.org/hook"
    httpx.post(f"{stand_in.url}/bot{TOKEN}/setWebhook", json={"url": url}, trust_env=False)

    sentence = refused(processes)

    assert url in sentence
    assert "deletewebhook" in sentence
    assert "getUpdates" not in stand_in.state()["calls"]


@pytest.mark.usefixtures("environment")
def test_a_database_of_another_bot(processes, database):
    database.rows(
        "INSERT INTO engine_botidentity (bot_id, username, is_sandbox) VALUES (1, 'other_bot', false)"
    )

    assert "other_bot" in refused(processes)


@pytest.mark.usefixtures("environment")
def test_no_telegram_yet(processes, tmp_path):
    port = free_port()
    bot = processes.manage("runbot", TELEGRAM_API_URL=f"http://127.0.0.1:{port}")
    bot.wait_for("Telegram cannot be reached", seconds=30)
    with pytest.raises(AssertionError):
        bot.wait_for("is running", seconds=5)
    assert bot.is_alive
    assert bot.output.count("cannot be reached") == 1, "it repeats itself"

    late = start_stand_in(processes, port=port)[1]

    late.load(1, chats=1, text="/help")
    late.wait_until_said(1, seconds=20)
