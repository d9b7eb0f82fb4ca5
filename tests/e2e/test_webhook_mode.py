"""Updates posted to the web process, answered by a bot that does not poll; and the way back."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e


def test_webhook_mode_from_end_to_end(house_without_bot):
    house = house_without_bot
    house.processes.run("setwebhook", house.root)
    poller = house.processes.manage("runbot")

    assert poller.exit_code(seconds=30) == 1
    assert f"{house.root}/telegram/webhook/" in poller.output
    assert "deletewebhook" in poller.output
    assert "Traceback" not in poller.output

    house.start_bot("--no-polling")
    sara = house.person("sara_haddad")
    sara.types("/start")
    sara.waits_for("Sara")
    assert house.database.rows("SELECT DISTINCT source FROM engine_inboundupdate") == [("webhook",)]

    house.processes.run("deletewebhook")
    house.start_bot()
    sara.types("/help")
    sara.waits_for("/start")
