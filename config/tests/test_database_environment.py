from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.database import from_environment
from config.environment import Environment

BASE_DIR = Path("/srv/switchboard")
URL = "postgresql://ann:s3cret@db.internal:6432/board"
PARTS = {
    "POSTGRES_HOST": "db.internal",
    "POSTGRES_PORT": "6432",
    "POSTGRES_DB": "board",
    "POSTGRES_USER": "ann",
    "POSTGRES_PASSWORD": "s3cret",
}


def settings_for(**variables: str) -> dict:
    class Variables(Environment):
        ENVIRON = variables

    return from_environment(Variables(), base_dir=BASE_DIR, name="switchboard")


def refusal_for(**variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_for(**variables)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_nothing_set_means_the_embedded_server():
    settings = settings_for()
    assert settings["ENGINE"] == "config.postgresql"
    assert settings["NAME"] == "switchboard"
    assert settings["EMBEDDED"] == {"root": "/srv/switchboard/var/postgres", "database": "switchboard"}


def test_blank_variables_are_unset_ones():
    assert "EMBEDDED" in settings_for(DATABASE_URL=" ", POSTGRES_HOST="", POSTGRES_PASSWORD="")


@pytest.mark.parametrize("variables", [{"DATABASE_URL": URL}, PARTS, {"DATABASE_URL": URL, **PARTS}])
def test_both_ways_of_naming_a_server(variables):
    settings = settings_for(**variables)
    expected = {"HOST": "db.internal", "PORT": "6432", "NAME": "board", "USER": "ann", "PASSWORD": "s3cret"}
    assert expected.items() <= settings.items()
    assert settings["ENGINE"] == "config.postgresql"
    assert "EMBEDDED" not in settings


@pytest.mark.parametrize("variables", [{}, {"DATABASE_URL": URL}, PARTS])
def test_connections_are_kept_and_checked(variables):
    settings = settings_for(**variables)
    assert settings["CONN_MAX_AGE"] is None
    assert settings["CONN_HEALTH_CHECKS"] is True
    assert settings["OPTIONS"]["connect_timeout"] == 10
    assert settings["OPTIONS"]["application_name"] == "switchboard"


def test_options_of_the_url_win():
    options = settings_for(DATABASE_URL=f"{URL}?sslmode=require&connect_timeout=3")["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["connect_timeout"] == "3"
    assert options["application_name"] == "switchboard"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "pgsql", "psql", "PostgreSQL"])
def test_spellings_of_postgresql(scheme):
    assert settings_for(DATABASE_URL=f"{scheme}://db.internal/board")["HOST"] == "db.internal"


def test_special_characters_and_sockets_in_the_url():
    url = "postgresql://ann:p%40ss%2Fword%25@%2Fvar%2Frun%2Fpostgresql/board"
    settings = settings_for(DATABASE_URL=url)
    assert settings["PASSWORD"] == "p@ss/word%"
    assert settings["HOST"] == "/var/run/postgresql"


def test_a_password_may_begin_with_a_dollar():
    assert settings_for(**{**PARTS, "POSTGRES_PASSWORD": "$ecret"})["PASSWORD"] == "$ecret"


def test_a_url_that_begins_with_a_dollar_is_no_unset_one():
    assert "must name a PostgreSQL server" in refusal_for(DATABASE_URL="$postgresql://db.internal/board")


def test_only_host_and_database_are_needed():
    settings = settings_for(POSTGRES_HOST="db.internal", POSTGRES_DB="board")
    assert settings["HOST"] == "db.internal"
    assert "PORT" not in settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("POSTGRES_HOST", "other.internal"),
        ("POSTGRES_PORT", "5432"),
        ("POSTGRES_DB", "elsewhere"),
        ("POSTGRES_USER", "bob"),
        ("POSTGRES_PASSWORD", "another"),
    ],
)
def test_a_contradiction_is_refused_by_name_without_the_values(variable, value):
    sentence = refusal_for(DATABASE_URL=URL, **{variable: value})
    assert f"DATABASE_URL and {variable} contradict" in sentence
    assert value not in sentence
    assert "s3cret" not in sentence


def test_the_usual_port_contradicts_no_url_without_a_port():
    settings = settings_for(DATABASE_URL="postgresql://db.internal/board", POSTGRES_PORT="5432")
    assert settings["NAME"] == "board"


@pytest.mark.parametrize(
    "url",
    ["sqlite:///db.sqlite3", "mysql://ann@db/board", "oracle://db/board", "postgis://db/board", "board"],
)
def test_other_engines_are_refused(url):
    assert "must name a PostgreSQL server" in refusal_for(DATABASE_URL=url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr%zzet@db/board",
        "postgresql://ann:s3cret@db/board?colour=red",
        "postgresql://ann:s3cret@[::1/board",
    ],
)
def test_an_unreadable_url_is_refused_without_showing_it(url):
    sentence = refusal_for(DATABASE_URL=url)
    assert "DATABASE_URL cannot be read" in sentence
    assert "s3cr" not in sentence


def test_a_url_without_a_database_is_refused():
    assert "names no database" in refusal_for(DATABASE_URL="postgresql://db.internal")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "five", "٥"])
def test_impossible_ports_are_refused(port):
    assert "POSTGRES_PORT must hold a port" in refusal_for(**{**PARTS, "POSTGRES_PORT": port})


def test_an_impossible_port_in_the_url_is_refused():
    sentence = refusal_for(DATABASE_URL="postgresql://db:99999/board")
    assert "DATABASE_URL must hold a port" in sentence


@pytest.mark.parametrize("value", ["changeme", "CHANGE-ME", "your-password-here", "your_host", "<password>"])
def test_placeholders_are_refused_by_name(value):
    assert refusal_for(**{**PARTS, "POSTGRES_PASSWORD": value}).startswith("POSTGRES_PASSWORD still holds")


@pytest.mark.parametrize(
    "url",
    [
        "changeme",
        "your-database-url-here",
        "postgresql://ann:changeme@db/board",
        "postgresql://your-host-here/x",
    ],
)
def test_placeholders_in_the_url_are_refused(url):
    assert refusal_for(DATABASE_URL=url).startswith("DATABASE_URL still holds a placeholder")


def test_an_incomplete_set_names_what_is_missing():
    sentence = refusal_for(POSTGRES_PASSWORD="s3cret", POSTGRES_USER="ann")
    assert sentence.startswith("POSTGRES_HOST and POSTGRES_DB must be set too")
    assert "s3cret" not in sentence
    assert refusal_for(POSTGRES_DB="board").startswith("POSTGRES_HOST must be set too")
