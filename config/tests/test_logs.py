"""What the settings do with logs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.project import ROOT

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
LOGGERS = ["django.request", "django.server", "telegrambot.engine", "asyncio"]
PROGRAM = """
import logging, sys, django
django.setup()
token, *names = sys.argv[1:]
for name in names:
    try:
        raise ValueError(f"{name} {token}")
    except ValueError:
        logging.getLogger(name).error("Bad request: %s %s", name, token, exc_info=True)
"""


@pytest.mark.parametrize("debug", ["true", "false"])
def test_every_line_is_written_once_and_without_the_token(debug):
    written = subprocess.run(
        [sys.executable, "-c", PROGRAM, TOKEN, *LOGGERS],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": debug, "SECRET_KEY": "x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert TOKEN not in written.stdout + written.stderr
    for name in LOGGERS:
        assert written.stderr.count(f"Bad request: {name} <token>") == 1
        assert written.stderr.count(f"ValueError: {name} <token>") == 1
