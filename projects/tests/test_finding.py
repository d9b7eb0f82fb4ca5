"""Finding things by what people call them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from projects import finding
from projects.exceptions import FeatureNotFound, NameAmbiguous, ProjectNotFound, ReleaseNotFound
from projects.finding import (
    closest,
    distance,
    find_feature,
    find_project,
    find_release,
    find_version,
    matches,
    named,
    split_renaming,
    unquoted,
)
from projects.models import Feature
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory

NAMES = [
    "Login page",
    "Login",
    "Оплата картой",
    "Отчёты",
    "Sprint 1",
    "Sprint 12",
    "Sprint 13",
    "Ann's log-in",
]


def found(wanted, names=NAMES):
    return [names[key] for key in matches(dict(enumerate(names)), wanted)]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("login", ["Login"]),
        ("LOGIN  PAGE", ["Login page"]),
        ("login-page", ["Login page"]),
        ("отчеты", ["Отчёты"]),
        ("ОПЛАТА", ["Оплата картой"]),
        ("logi", ["Login page", "Login"]),
        ("page", ["Login page"]),
        ("картой", ["Оплата картой"]),
        ("log in", ["Ann's log-in"]),
        # mistyped, or in another case of the noun
        ("оплату", ["Оплата картой"]),
        ("Оплату картой", ["Оплата картой"]),
        ("lgoin", ["Login page", "Login"]),
        ("Logn page", ["Login page"]),
        ("отчтёы", ["Отчёты"]),
        # a number is itself and nothing else
        ("sprint 1", ["Sprint 1"]),
        ("Sprint 12", ["Sprint 12"]),
        ("Sprint 14", []),
        ("sprnt 13", ["Sprint 13"]),
        ("1", ["Sprint 1"]),
        ("sprint", ["Sprint 1", "Sprint 12", "Sprint 13"]),
        # nothing like it
        ("", []),
        (" - ", []),
        ("xyz", []),
        ("log page in", []),
    ],
)
def test_the_best_match_wins(wanted, names):
    assert found(wanted) == names


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Export to CSV", "Export to PDF"),
        ("Login via SMS", "Login via SSO"),
        ("Variant A", "Variant B"),
        ("Вариант А", "Вариант Б"),
        ("Отчёт за год", "Отчёт за день"),
        ("Login", "Login again"),
        ("Payment plan for teams", "Payment page"),
        ("Subscribe page", "Unsubscribe page"),
        ("Unsubscribe page", "Subscribe page"),
        ("Заблокировать вход", "Разблокировать вход"),
    ],
)
def test_another_word_is_no_typing_error(name, other):
    assert found(other, [name]) == []


@pytest.mark.parametrize("wanted", ["Paymnet plna", "новая регистрацию", "regsitration fomr for teams"])
def test_each_word_may_be_mistyped(wanted):
    names = ["Payment plan for teams", "Новая регистрация", "Registration form for teams"]
    assert len(found(wanted, names)) == 1


def test_suggestions_are_what_looks_alike():
    assert closest({1: "Reports", 2: "Report a bug", 3: "Zebra"}, "reprots") == [1, 2]
    assert closest({1: "Sprint 12", 2: "Zebra"}, "Sprint 14") == [1]
    assert closest({}, "x") == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("«Оплата»", "Оплата"),
        ("“Login”", "Login"),
        ("„Login“", "Login"),
        ('"Login"', "Login"),
        ("'Login'", "Login"),
        ("`Login`", "Login"),
        (' «"Login" » ', "Login"),
        ("Login", "Login"),
        ("Ann's", "Ann's"),
        ("«a» и «b»", "a» и «b"),
        ('"', '"'),
        ("«»", ""),
        ("", ""),
    ],
)
def test_quotation_marks_are_no_part_of_a_name(text, plain):
    assert unquoted(text) == plain


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("", "", 0),
        ("login", "login", 0),
        ("login", "logn", 1),
        ("login", "llogin", 1),
        ("login", "lagin", 1),
        ("login", "lgoin", 1),
        ("ab", "ba", 1),
        ("kitten", "sitting", 3),
        ("abc", "xyz", 3),
        ("abcdef", "uvwxyz", 4),
        ("a", "abcdefgh", 4),
    ],
)
def test_distance_counts_typing_errors_up_to_a_limit(one, other, errors):
    assert distance(one, other, 3) == distance(other, one, 3) == errors


@given(st.text(max_size=12), st.text(max_size=12), st.integers(0, 5))
def test_distance_is_symmetric_and_bounded(one, other, most):
    assert distance(one, other, most) == distance(other, one, most) <= most + 1
    assert (distance(one, other, most) == 0) == (one == other)


@given(st.lists(st.text(max_size=20), max_size=6), st.text(max_size=20))
def test_a_name_is_found_by_itself(names, wanted):
    by_key = dict(enumerate([*names, wanted]))
    keys = matches(by_key, wanted)
    assert not keys or len(names) in keys
    assert set(closest(by_key, wanted)) <= set(by_key)


# ── In the database ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_a_feature_is_found_in_its_project_only():
    feature, other = FeatureFactory(name="Login"), FeatureFactory(name="Login")

    assert find_feature(feature.project, "«login»") == feature
    assert find_feature(other.project, "logn") == other
    with pytest.raises(FeatureNotFound):
        find_feature(ProjectFactory(), "Login")


@pytest.mark.django_db
def test_several_that_fit_are_all_named():
    project = ProjectFactory()
    features = [FeatureFactory(project=project, name=f"Login {name}") for name in ("page", "button")]
    FeatureFactory(project=project, name="Logout")

    with pytest.raises(NameAmbiguous) as refused:
        find_feature(project, "login")

    assert set(refused.value.candidates) == set(features)
    assert str(refused.value).startswith("“login” could be more than one")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "«»", "%", "_", "x" * 5_000, "Zebra crossing"])
def test_what_is_not_there_is_said_not_to_be(text):
    project = ProjectFactory()
    similar = FeatureFactory(project=project, name="Zebra")

    with pytest.raises(FeatureNotFound) as refused:
        find_feature(project, text)

    assert refused.value.closest == ([similar] if text.startswith("Zebra") else [])


@pytest.mark.django_db
def test_an_archived_project_is_found_only_when_no_other_fits():
    archived = ProjectFactory(name="Moon base", status="archived")

    assert find_project("moon") == archived
    visible = ProjectFactory(name="Moon rocket")
    assert find_project("moon") == visible
    ProjectFactory(name="Moon base 2")
    assert find_project("moon BASE") == archived
    with pytest.raises(ProjectNotFound):
        find_project("Mars")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["1.2", "v1.2", "v 1.2", "версия 1.2", "Version 1.2", "«1.2»"])
@pytest.mark.parametrize("version", ["1.2", "v1.2"])
def test_a_version_is_told_with_or_without_its_v(text, version):
    release = ReleaseFactory(version=version)
    assert find_release(release.project, text) == release


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["1.2", "1", "1.20.1", "2"])
def test_a_version_with_a_number_is_told_in_full(text):
    release = ReleaseFactory(version="1.20")
    with pytest.raises(ReleaseNotFound):
        find_release(release.project, text)


@pytest.mark.django_db
def test_a_version_is_found_exactly_or_not_at_all():
    project = ProjectFactory()
    plain, marked = (ReleaseFactory(project=project, version=version) for version in ("1.2", "v1.2"))
    named_release = ReleaseFactory(project=project, version="Autumn")
    ReleaseFactory(version="3.0")

    assert find_version(project, "1.2") == plain
    assert find_version(project, "«V1.2»") == marked
    assert find_version(project, "autumn") == named_release
    assert find_version(project, "autum") is None
    assert find_version(project, "3.0") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("both", "parts"),
    [
        ("Login to Sign in", ("Login", "Sign in")),
        ("«Login» to Sign in to all", ("«Login»", "Sign in to all")),
        ("Way to go to Road", ("Way to go", "Road")),
        ("way TO Road to go", ("way", "Road to go")),
        ("Вход в Авторизация", ("Вход", "Авторизация")),
        ("New to old to older", ("New", "old to older")),
    ],
)
def test_a_renaming_is_split_where_the_name_exists(both, parts):
    project = ProjectFactory()
    for name in ("Login", "Way", "Way to go", "Вход"):
        FeatureFactory(project=project, name=name)
    FeatureFactory(name="New to old")

    assert split_renaming(Feature.objects.of(project), both) == parts


@pytest.mark.django_db
def test_a_name_is_found_exactly_or_not_at_all():
    feature = FeatureFactory(name="Login page")
    assert named(Feature.objects.all(), "name", " «LOGIN   page» ") == feature
    assert named(Feature.objects.all(), "name", "login") is None


@pytest.mark.django_db
def test_a_release_with_a_name_is_found_by_part_of_it():
    release = ReleaseFactory(version="Autumn 2026")
    assert find_release(release.project, "autum") == release


@pytest.mark.django_db
@pytest.mark.parametrize("count", [3, 60])
def test_finding_costs_the_same_however_many_there_are(count):
    project = ProjectFactory(name="Aurora")
    FeatureFactory.create_batch(count, project=project)
    FeatureFactory(project=project, name="Login page")

    def cost(find):
        with CaptureQueriesContext(connection) as queries:
            find()
        return len(queries)

    assert cost(lambda: find_feature(project, "login PAGE")) == 1
    assert cost(lambda: find_feature(project, "login")) == 1
    assert cost(lambda: find_project("auror")) == 1


@pytest.mark.django_db
def test_only_the_names_touched_last_are_compared_but_the_exact_one_is_always_found(monkeypatch):
    monkeypatch.setattr(finding, "MOST_NAMES", 1)
    project = ProjectFactory()
    old = FeatureFactory(project=project, name="Login page")
    FeatureFactory(project=project, name="Newest")

    assert find_feature(project, "login page") == old
    with pytest.raises(FeatureNotFound):
        find_feature(project, "login")
