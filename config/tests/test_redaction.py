"""Tokens stay out of what is logged and stored."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from yarl import URL

from config.redaction import TokenFilter, redact

TOKEN = "123456789:AAExampleExampleExampleExample_-0ab"
SECRET = TOKEN.partition(":")[2]


def test_redact_finds_tokens_wherever_they_stand() -> None:
    assert redact(f"GET https://h/bot{TOKEN}/getMe") == "GET https://h/bot<token>/getMe"
    assert redact(TOKEN.replace(":", "%3A") + f" and {TOKEN}.") == "<token> and <token>."
    assert redact("at 12:30, ratio 4:short, 99") == "at 12:30, ratio 4:short, 99"


@pytest.fixture
def filtered_log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    logger, stream = logging.getLogger("filtered"), io.StringIO()
    logger.propagate = False
    handler = logging.StreamHandler(stream)
    handler.addFilter(TokenFilter())
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_the_filter_cleans_messages_arguments_tracebacks_and_stacks(
    filtered_log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = filtered_log
    logger.warning("calling %s with %d", URL(f"http://h/bot{TOKEN}/getMe"), 3)
    logger.warning("joined %s:%s", *TOKEN.split(":"))
    logger.warning(f"ready-made {TOKEN}")  # noqa: G004 - what the filter is for
    try:
        try:
            raise ValueError(f"inner {TOKEN}")
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logger.exception("failed")
    text = stream.getvalue()
    assert SECRET not in text
    assert "calling http://h/bot<token>/getMe with 3\njoined <token>\nready-made <token>\nfailed\n" in text
    assert "ValueError: inner <token>" in text
    assert "RuntimeError: outer" in text


def test_the_filter_leaves_other_records_alone_and_survives_wrong_arguments(
    filtered_log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = filtered_log
    logger.warning("only %s and %s", TOKEN)  # noqa: PLE1206 - the mistake under test
    assert SECRET not in stream.getvalue()
    assert "only %s and %s" in stream.getvalue()
    assert "<token>" in stream.getvalue()

    plain = logging.LogRecord(
        "n", logging.INFO, "p", 1, "hello %s", ("you",), (ValueError, ValueError("x"), None)
    )
    before = dict(vars(plain))
    assert TokenFilter().filter(plain)
    assert vars(plain) == before


def test_the_filter_hides_the_original_exception_from_other_handlers() -> None:
    error = ValueError(TOKEN)
    record = logging.LogRecord("n", logging.INFO, "p", 1, "m", None, (ValueError, error, None))
    TokenFilter().filter(record)
    assert record.exc_info is None
    assert record.exc_text == "ValueError: <token>"
