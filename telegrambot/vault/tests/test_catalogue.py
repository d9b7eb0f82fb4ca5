"""What may be declared, and what a setting accepts."""

from __future__ import annotations

import pytest

from config.errors import DomainError
from telegrambot.vault import catalogue
from telegrambot.vault.catalogue import declare, declared, find
from telegrambot.vault.exceptions import NotANumber, UnknownSetting, ValueTooLarge, ValueTooSmall
from telegrambot.vault.tests.declared import SECRET, OddNumber

WORDS = {"category": "Test", "help": "A test."}

pytestmark = pytest.mark.usefixtures("_declared")


def test_the_catalogue_is_sorted_and_cannot_be_changed_from_outside():
    assert list(declared()) == sorted(declared())
    with pytest.raises(TypeError):
        declared()["test.more"] = find("test.days")


@pytest.mark.parametrize("key", ["", "days", "Test.days", "test.", "test.days!", "test." + "x" * 100, "1.a"])
def test_a_key_has_an_area_and_a_name(key):
    with pytest.raises(ValueError, match=r"area\.name"):
        declare(key, int, default=1, **WORDS)

    assert key not in declared()


def test_a_key_is_declared_once():
    with pytest.raises(ValueError, match="twice"):
        declare("test.days", int, default=1, **WORDS)

    assert find("test.days").default == 30


@pytest.mark.parametrize("kind", [dict, list, list[int], bytes, None])
def test_other_kinds_are_refused(kind):
    with pytest.raises(ValueError, match="kind"):
        declare("test.new", kind, default=1, **WORDS)


def test_a_secret_is_a_text():
    with pytest.raises(ValueError, match="kind"):
        declare("test.new", int, default=1, is_sensitive=True, **WORDS)


@pytest.mark.parametrize(
    ("kind", "default"), [(int, "1"), (int, True), (bool, 1), (str, None), (list[str], [1])]
)
def test_a_default_is_of_the_settings_kind(kind, default):
    with pytest.raises(TypeError):
        declare("test.new", kind, default=default, **WORDS)

    assert "test.new" not in declared()


def test_a_default_may_be_asked_for_each_time(settings):
    declare("test.new", int, default=lambda: settings.PAYLOAD_RETENTION_DAYS, **WORDS)
    settings.PAYLOAD_RETENTION_DAYS = 77

    assert find("test.new").default == 77


def test_an_unknown_key_is_refused():
    with pytest.raises(UnknownSetting, match=r"test\.nothing") as refusal:
        find("test.nothing")

    assert isinstance(refusal.value, DomainError)


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("test.days", 0, ValueTooSmall),
        ("test.days", 366, ValueTooLarge),
        ("test.ratio", 1.01, ValueTooLarge),
        ("test.ratio", float("nan"), NotANumber),
        ("test.ratio", float("inf"), NotANumber),
        ("test.even", 3, OddNumber),
    ],
)
def test_a_value_out_of_bounds_is_refused_in_a_sentence(key, value, error):
    with pytest.raises(error):
        find(key).checked(value)


@pytest.mark.parametrize(
    ("key", "value"), [("test.days", "30"), ("test.days", 1.5), ("test.on", 1), ("test.words", "a")]
)
def test_a_value_of_another_kind_is_a_mistake_of_the_program(key, value):
    with pytest.raises(TypeError):
        find(key).checked(value)


def test_the_mistake_is_told_without_the_value():
    with pytest.raises(TypeError) as mistake:
        find("test.token").checked([SECRET])

    assert SECRET not in str(mistake.value)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("test.days", 1, "1"),
        ("test.days", 365, "365"),
        ("test.ratio", 1, "1.0"),
        ("test.on", True, "true"),
        ("test.greeting", 'Привет "you"', 'Привет "you"'),
        ("test.words", ["два", ""], '["два", ""]'),
    ],
)
def test_a_value_is_stored_as_a_text_that_people_can_read(key, value, text):
    setting = find(key)

    assert setting.written(setting.checked(value)) == text
    assert setting.read(text) == value
    assert type(setting.read(text)) is type(setting.default)


def test_what_the_apps_declare_is_whole(monkeypatch):
    monkeypatch.undo()

    assert catalogue.declared() is not None
    for setting in catalogue.declared().values():
        assert setting.checked(setting.default) == setting.default
        assert str(setting.help)
        assert 0 < len(str(setting.category)) <= catalogue.LONGEST_CATEGORY
