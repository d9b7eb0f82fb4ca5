"""Events in words: for one and for a page, in English, and with nothing of what is private."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit import titles
from audit.diffs import FieldChange
from audit.sentences import diff, sentence, tell
from audit.tests.factories import EventFactory
from audit.text_diff import Piece, compare
from projects.tests.factories import FeatureFactory, ReleaseFactory
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory

pytestmark = pytest.mark.django_db


def event(verb="changed", before=None, after=None, **values):
    """An event of a feature that is not saved; sentences need no row."""
    kind = values.setdefault("entity_type", "projects.feature")
    sides = {name: side for name, side in (("before", before), ("after", after)) if side is not None}
    details = {**sides, **values.pop("details", {})}
    return EventFactory.build(action=f"{kind}.{verb}", details=details, **values)


# ── What happened ─────────────────────────────────────────────────────────────────────────────────────────


def test_one_change_is_told_with_both_values():
    anna, feature = TelegramUserFactory(first_name="Anna"), FeatureFactory(name="Login")

    who = {"user_id": str(anna.pk), "entity_id": str(feature.pk)}
    told = sentence(event(before={"status": "planned"}, after={"status": "done"}, **who))

    assert told == "Anna changed status of feature “Login”: planned → done"


@pytest.mark.parametrize(
    ("verb", "before", "after", "expected"),
    [
        ("created", None, {"name": "Login"}, "The program created feature “Login”"),
        ("deleted", {"name": "Login"}, None, "The program deleted feature “Login”"),
        ("changed", {"name": "Log in"}, {"name": "Login"}, "The program renamed feature “Log in” to “Login”"),
        ("changed", None, None, "The program changed feature #7"),
        (
            "changed",
            {"status": "planned", "assigned_po": ""},
            {"status": "done", "assigned_po": "Ann"},
            "The program changed feature #7: status planned → done; product owner – → “Ann”",
        ),
        (
            "changed",
            {"description": "x" * 80},
            {"description": "y"},
            "The program changed description of feature #7",
        ),
        (
            "changed",
            {"description": "x" * 80, "status": "planned"},
            {"description": "y", "status": "done"},
            "The program changed feature #7: description; status planned → done",
        ),
        (
            "changed",
            {"assigned_teams": ["web"]},
            {"assigned_teams": ["web", "apps"]},
            "The program changed teams of feature #7: web → web, apps",
        ),
    ],
)
def test_each_kind_of_change_has_its_sentence(verb, before, after, expected):
    assert sentence(event(verb, before, after)) == expected


def test_only_so_many_changes_are_told_and_the_rest_counted():
    old = {"is_active": True, "is_friend": False, "role": 0, "timezone": "", "language_code": "en"}
    new = {"is_active": False, "is_friend": True, "role": 2, "timezone": "UTC", "language_code": "de"}

    told = sentence(event(before=old, after=new, entity_type="accounts.telegramuser", entity_id="5"))

    assert told == (
        "The program changed person #5: language “en” → “de”; role public → admin; active yes → no; 2 more"
    )


def test_a_private_column_is_named_and_its_values_are_nowhere():
    kept = event(
        entity_type="accounts.telegramuser",
        entity_id="5",
        before={"role": 0},
        after={"role": 2},
        details={"private": ["first_name"]},
    )
    alone = event(entity_type="accounts.telegramuser", entity_id="5", details={"private": ["first_name"]})

    assert sentence(kept) == "The program changed person #5: first name (not kept here); role public → admin"
    assert sentence(alone) == "The program changed first name of person #5 (not kept here)"
    assert diff(alone) == [FieldChange("first_name", "first name", is_private=True)]


def test_a_recorded_event_is_told_by_its_label():
    person = TelegramUserFactory(first_name="Boris")
    sides = {"before": {"role": 0}, "after": {"role": 2}}
    granted = EventFactory.build(
        action="accounts.role.granted",
        entity_type="accounts.telegramuser",
        entity_id=str(person.pk),
        details=sides,
    )

    assert sentence(granted) == "The program: role granted – person “Boris”, role public → admin"
    about_nothing = EventFactory.build(
        action="audit.log.exported", entity_type="", entity_id="", details={"format": "csv"}
    )
    assert sentence(about_nothing) == "The program: records exported"


def test_what_no_longer_exists_is_told_all_the_same():
    """Models, columns, declared events and people come and go; the log stays."""
    gone = event(
        before={"some_column": 1},
        after={"some_column": 2},
        entity_type="projects.milestone",
        user_id="b9a1c1d2-0000-4000-8000-000000000001",
    )

    assert sentence(gone) == "#b9a1c1d2… changed some column of milestone #7: 1 → 2"
    forgotten = EventFactory.build(
        action="projects.plan.burned_down", entity_type="", entity_id="", details={}
    )
    assert sentence(forgotten) == "The program: burned down"
    other_value = event(before={"status": "abandoned"}, after={"status": "done"})
    assert sentence(other_value) == "The program changed status of feature #7: abandoned → done"


@pytest.mark.parametrize("details", [{}, {"before": None, "after": 5}, {"private": None}, {"before": []}])
def test_details_of_another_shape_break_nothing(details):
    assert sentence(event(details=details)) == "The program changed feature #7"


def test_braces_and_markup_in_what_people_wrote_stay_as_they_are():
    told = sentence(event(before={"name": "{who} {0}"}, after={"name": "<b>%s</b>"}))

    assert told == "The program renamed feature “{who} {0}” to “<b>%s</b>”"


# ── Values ────────────────────────────────────────────────────────────────────────────────────────────────


def test_moments_are_in_the_readers_time_zone():
    moment = "2026-11-22T23:15:00+00:00"
    blocked = event(
        before={"blocked_at": None}, after={"blocked_at": moment}, entity_type="accounts.telegramuser"
    )

    with timezone.override("Europe/Berlin"):
        assert diff(blocked)[0].after == "23 Nov 2026, 00:15"
    with timezone.override("America/New_York"):
        assert diff(blocked)[0].after == "22 Nov 2026, 18:15"
    assert diff(blocked)[0].before == "–"


def test_days_have_no_time_zone():
    planned = event(
        before={"target_date": None}, after={"target_date": "2026-12-24"}, entity_type="projects.release"
    )

    with timezone.override("America/New_York"):
        assert diff(planned)[0].after == "24 Dec 2026"


def test_foreign_keys_are_shown_by_title_or_else_by_key():
    release, feature = ReleaseFactory(version="1.0"), FeatureFactory(name="Login")
    moved = event(before={"release_id": 999_999}, after={"release_id": release.pk}, entity_id=str(feature.pk))

    assert sentence(moved) == "The program changed release of feature “Login”: #999999 → “1.0”"


def test_registered_resolvers_name_what_has_no_title_column():
    person, account = TelegramUserFactory(first_name="Boris"), UserFactory(username="boris")
    command = BotCommandFactory(command="dance")
    linked = event(
        before={"staff_id": None},
        after={"staff_id": account.pk},
        entity_type="accounts.telegramuser",
        entity_id=str(person.pk),
    )

    assert sentence(linked) == "The program changed staff account of person “Boris”: – → “boris”"
    of_command = event(entity_type="accounts.botcommand", entity_id=str(command.pk))
    assert sentence(of_command) == "The program changed command “/dance”"


def test_a_row_with_another_ones_key_is_called_like_that_one():
    person = TelegramUserFactory(first_name="Boris")

    told = sentence(event(entity_type="projects.usercontext", entity_id=str(person.pk)))

    assert told == "The program changed person's context “Boris”"


def test_the_columns_of_a_new_row_are_those_that_hold_something_in_the_order_of_the_table():
    columns = {
        "status": "backlog",
        "name": "Login",
        "release_id": None,
        "description": "",
        "assigned_teams": [],
    }

    found = diff(event("created", after=columns))

    assert [(change.label, change.before, change.after) for change in found] == [
        ("name", "", "Login"),
        ("status", "", "backlog"),
    ]


def test_json_is_shown_line_by_line():
    (change,) = diff(
        event(
            before={"preferences": {}},
            after={"preferences": {"language": "ru", "hours": "22-07"}},
            entity_type="accounts.telegramuser",
        )
    )

    assert (change.before, change.after) == ("–", '{\n  "hours": "22-07",\n  "language": "ru"\n}')
    assert change.pieces == []


# ── Texts ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_texts_are_compared_word_by_word():
    assert compare("After five attempts they wait.", "After six attempts they wait.") == [
        Piece("same", "After "),
        Piece("del", "five"),
        Piece("ins", "six"),
        Piece("same", " attempts they wait."),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b c", "a b c d"),
        ("same", "same"),
        ("", "new"),
        ("one\ntwo\n", "two\nthree"),
        ("word " * 3000, "other " * 3000),
        ("line\n" * 3000 + "x " * 900, "line\n" * 2000 + "y " * 900),
        ("".join(f"a{n} " for n in range(5000)), "".join(f"b{n} " for n in range(5000))),
    ],
)
def test_both_texts_can_be_read_from_the_comparison(before, after):
    pieces = compare(before, after)

    assert "".join(piece.text for piece in pieces if piece.mark != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.mark != "del") == after


def test_only_long_values_are_compared():
    short = diff(event(before={"name": "Log in"}, after={"name": "Login"}))[0]
    long = diff(event(before={"description": "word " * 20}, after={"description": "word " * 21}))[0]

    assert short.pieces == []
    assert [piece.mark for piece in long.pieces] == ["same", "ins"]


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_costs_as_many_queries_as_one_event():
    def page(size):
        people = TelegramUserFactory.create_batch(size)
        features, releases = FeatureFactory.create_batch(size), ReleaseFactory.create_batch(size)
        return [
            made
            for person, feature, release in zip(people, features, releases, strict=True)
            for made in (
                event(entity_id=str(feature.pk), user_id=str(person.pk), after={"release_id": release.pk}),
                event(entity_id=str(release.pk), entity_type="projects.release"),
                event(entity_id=str(person.pk), entity_type="accounts.telegramuser"),
            )
        ]

    few, many = page(1), page(20)
    with CaptureQueriesContext(connection) as for_few:
        tell(few)
    with CaptureQueriesContext(connection) as for_many:
        told = tell(many)

    # Actors, people as things, and everything with a title column at once.
    assert len(for_many) == len(for_few) == 3
    assert all("#" not in line.thing for line in told)


def test_keys_that_are_no_keys_are_looked_up_nowhere_and_shown():
    odd = [event(entity_id="not a number"), event(entity_id="x", entity_type="accounts.telegramuser")]

    assert [line.thing for line in tell(odd)] == ["feature #not a nu…", "person #x"]


def test_a_registered_title_wins_over_the_column(monkeypatch):
    monkeypatch.setattr(titles, "_resolvers", {"projects.feature": lambda keys: dict.fromkeys(keys, "Mine")})
    feature = FeatureFactory(name="Login")

    assert sentence(event(entity_id=str(feature.pk))) == "The program changed feature “Mine”"


def test_sentences_follow_the_readers_language():
    changed = event(before={"is_active": True}, after={"is_active": False}, entity_type="accounts.botcommand")

    with translation.override("ru"):
        assert diff(changed)[0].before == "да"
    assert diff(changed)[0].before == "yes"


def test_keys_are_shortened_only_when_they_are_no_numbers():
    assert titles.called("1234567890", None) == "#1234567890"
    assert titles.called(str(UUID(int=5)), None) == "#00000000…"
    assert titles.called("5", "") == "#5"


def test_roles_are_shown_by_their_labels():
    (change,) = diff(
        event(before={"role": 0}, after={"role": int(Role.ADMIN)}, entity_type="accounts.telegramuser")
    )

    assert (change.before, change.after, change.is_text) == ("public", "admin", False)
