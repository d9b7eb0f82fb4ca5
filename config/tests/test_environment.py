"""Settings from the environment and `.env`: understood, or refused with one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment


def environment(**variables: str) -> Environment:
    class Variables(Environment):
        ENVIRON = variables

    return Variables()


def read(path: Path, content: str | bytes, **variables: str) -> dict[str, str]:
    """What is set after reading a file of this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = environment(**variables)
    told.read_file(path)
    return told.ENVIRON


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        call(*args, **kwargs)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_is_the_default(value):
    env = environment(X=value)
    assert env.text("X", "this") == "this"
    assert env.names("X") == []
    assert env.flag("X", default=True) is True
    assert env.integer("X", None, least=1, most=9) is None
    assert env.number("X", 0.5, least=1, most=9) == 0.5
    assert env.choice("X", "INFO", ["INFO"]) == "INFO"
    assert env.time_zone("X", "UTC") == "UTC"


def test_a_text_is_taken_as_written():
    env = environment(KEY="$abc", abc="another", URL=" https://host/#part ")
    assert env.text("KEY") == "$abc"
    assert env.text("URL") == "https://host/#part"


def test_names_are_what_stands_between_commas():
    assert environment(X="a.org, b.org ,,$c,").names("X") == ["a.org", "b.org", "$c"]


@pytest.mark.parametrize("value", ["true", "True", "YES", "on", "1"])
@pytest.mark.parametrize("default", [True, False])
def test_what_is_true(value, default):
    assert environment(X=value).flag("X", default=default) is True


@pytest.mark.parametrize("value", ["false", "No", "OFF", "0"])
@pytest.mark.parametrize("default", [True, False])
def test_what_is_false(value, default):
    assert environment(X=value).flag("X", default=default) is False


@pytest.mark.parametrize("value", ["ture", "true  # nginx", "2", "y", "$true"])
def test_what_is_neither(value):
    assert refusal(environment(X=value).flag, "X", default=True) == "X must be true or false."


def test_numbers():
    env = environment(WHOLE=" 08 ", DECIMAL="0.5", NEGATIVE="-3")
    assert env.integer("WHOLE", 1, least=1, most=8) == 8
    assert env.integer("NEGATIVE", 1, least=-3, most=8) == -3
    assert env.number("DECIMAL", 1.0, least=0, most=8) == 0.5
    assert env.number("WHOLE", 1.0, least=0, most=8) == 8


@pytest.mark.parametrize("value", ["eight", "8 # web", "8.0", "1_0", "１", "0", "11", "-1", "1" * 5_000])
def test_what_is_no_such_whole_number(value):
    told = refusal(environment(X=value).integer, "X", 1, least=1, most=10)
    assert told == "X must be a whole number from 1 to 10."


@pytest.mark.parametrize(
    "value", ["1,000", "1e3", "2 min", ".5", "nan", "inf", "-0.1", "1000.1", "9" * 5_000]
)
def test_what_is_no_such_number(value):
    told = refusal(environment(X=value).number, "X", 1.0, least=0, most=1000)
    assert told == "X must be a number from 0 to 1000, such as 2 or 0.5."


def test_a_choice_is_known_in_any_case():
    assert environment(X="debug").choice("X", "INFO", ["DEBUG", "INFO"]) == "DEBUG"
    assert environment(X="RU").choice("X", "en", ["en", "ru"]) == "ru"
    told = refusal(environment(X="LOUD").choice, "X", "INFO", ["DEBUG", "INFO"])
    assert told == "X must be one of DEBUG, INFO."


def test_time_zones():
    assert environment(X="Europe/Berlin").time_zone("X", "UTC") == "Europe/Berlin"
    for name in ("Europe/Nowhere", "Europe", "../passwd", "/etc/passwd", "Berlin, Germany"):
        told = refusal(environment(X=name).time_zone, "X", "UTC")
        assert told == "X must be a time zone of this machine, such as Europe/Berlin."


def test_a_file_is_read(file):
    content = (
        "\N{BYTE ORDER MARK}# a comment with = and 'quotes'\n\n   \n  # another\n"
        "NAME=value\r\nexport KEY='a # b'\n  QUOTED=\"c # d\"  \nHASH=a#b\nNOTHING=\nSET=file\nURL=a=b\n"
    )
    assert read(file, content, SET="environment") == {
        "NAME": "value",
        "KEY": "a # b",
        "QUOTED": "c # d",
        "HASH": "a#b",
        "NOTHING": "",
        "SET": "environment",
        "URL": "a=b",
    }


def test_no_file_says_nothing(file):
    told = environment(SET="environment")
    told.read_file(file)
    assert told.ENVIRON == {"SET": "environment"}


@pytest.mark.parametrize(
    "line", ["SECRET = s3cret", "SECRET =s3cret", "SECRET= s3cret", "s3cret", "MY-SECRET=s3cret", "=s3cret"]
)
def test_a_line_that_cannot_be_read_is_named_by_its_number_only(file, line, caplog, capfd):
    told = refusal(read, file, f"# first\n\n{line}\n")
    assert told == "Line 3 of .env cannot be read: write NAME=value without blanks around =."
    assert "s3cret" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("line", ["PORT=8000 # web", 'KEY="s3cret" # mine', "KEY=s3cret\t# it's"])
def test_a_comment_after_a_value_is_refused(file, line):
    told = refusal(read, file, line)
    assert told.startswith("Line 1 of .env has a comment after the value: ")
    assert "s3cret" not in told


def test_a_backslash_is_kept_or_refused(file):
    told = read(file, "PLAIN=ab\\cd\nQUOTED='ab\\cd #1'\n")
    assert told == {"PLAIN": "ab\\cd", "QUOTED": "ab\\cd #1"}
    told = refusal(read, file, 'KEY="s3\\cret #1"')
    assert told == "Line 1 of .env has a backslash in double quotes: use single quotes instead."


def test_a_file_that_is_no_text_is_refused(file):
    assert refusal(read, file, "NAME=é".encode("latin-1")) == ".env is not UTF-8 text: save it as UTF-8."
    assert "Line 1 of .env cannot be read" in refusal(read, file, "NAME=value".encode("utf-16-le"))
    file.unlink()
    file.mkdir()
    assert refusal(environment().read_file, file) == ".env cannot be read: Is a directory."
